package org.samclip.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.checkpoint.Checkpoints;
import org.samclip.checkpoint.TensorSource;
import org.samclip.kernel.LibTorch;
import org.samclip.parity.Vectors;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;
import org.samclip.vitdet.ViTDetConfig;

/**
 * Weights as the public packages write them give what those packages compute
 * (scripts/make-official-fixtures.py).
 */
class OfficialWeightsTest {

  private static final double RTOL = 1e-4;
  private static final double ATOL = 2e-5;

  @TempDir Path folder;
  private NDManager manager;

  @BeforeEach
  void open() {
    manager = LibTorch.newManager(Device.cpu());
  }

  @AfterEach
  void close() {
    manager.close();
  }

  static Path fixture(String name) {
    try {
      return Path.of(OfficialWeightsTest.class.getResource("/official/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A tokenizer is needed beside a CLIP; these tests use token ids. */
  private ClipFiles files() throws IOException {
    Path tokenizer = folder.resolve("tokenizer.json");
    Files.writeString(tokenizer, RandomModels.tokenizer().json());
    return new ClipFiles(Optional.empty(), Optional.of(tokenizer));
  }

  @ParameterizedTest
  @CsvSource({
    "open-clip/open_clip_model.safetensors, open-clip, OpenCLIP, false",
    "openai/ViT-tiny.pt, openai, OpenAI CLIP, true",
    "hugging-face-clip/model.safetensors, hugging-face-clip, Hugging Face CLIP, false",
    "hugging-face-clip/shards/model.safetensors.index.json, hugging-face-clip, Hugging Face CLIP, false",
    "open-clip/epoch_32.pt, open-clip, OpenCLIP, false",
  })
  void clipsGiveTheReferencesFeatures(String file, String set, String format, boolean quickGelu)
      throws IOException {
    Path path = fixture(file);
    ClipModel model = ModelFile.readClip(path, files(), manager);
    assertEquals(quickGelu, model.clip().config().quickGelu());
    assertEquals(Optional.empty(), model.provenance());
    try (ModelWeights weights = ModelWeights.open(path, ClipFiles.BESIDE)) {
      assertEquals(ModelFile.CLIP, weights.kind());
      assertEquals(format, weights.format());
    }
    try (TensorSource expected = Checkpoints.open(fixture(set + "/outputs.safetensors"))) {
      NDArray image = model.clip().visual().forward(expected.read("images", manager));
      NDArray text = model.clip().text().forward(expected.read("texts", manager));
      assertClose("image", image, expected.readFloats("image_features"));
      assertClose("text", text, expected.readFloats("text_features"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"model.safetensors", "pytorch_model.bin"})
  void samOfHuggingFaceGivesTheReferencesMasks(String file) {
    SamModel model = ModelFile.readSam(fixture("hugging-face-sam/" + file), manager);
    assertEquals(new ViTDetConfig(16, 4, 16, 2, 2, 4, 3, List.of(1), 16), model.sizes().encoder());
    assertEquals(4, model.sizes().samHead().heads());
    try (TensorSource expected =
        Checkpoints.open(fixture("hugging-face-sam/outputs.safetensors"))) {
      NDArray embedding = model.sam().imageEncoder().forward(expected.read("images", manager));
      assertClose("embedding", embedding, expected.readFloats("embedding"));
      Prompts prompts =
          Prompts.points(expected.read("points", manager), expected.read("labels", manager));
      Masks masks = model.sam().head().masks(embedding, prompts, Prompts.CornerLabels.IGNORED);
      assertClose("masks", masks.multi().logits(), expected.readFloats("masks"));
      assertClose("iou", masks.multi().iou(), expected.readFloats("iou"));
    }
  }

  private static void assertClose(String what, NDArray got, float[] expected) {
    Vectors.assertClose(what, got.toFloatArray(), expected, RTOL, ATOL);
  }
}
