package org.samclip.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;
import org.samclip.checkpoint.Checkpoints;
import org.samclip.checkpoint.SafetensorsWriter;
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
  private WeightsOptions files() throws IOException {
    Path tokenizer = folder.resolve("tokenizer.json");
    Files.writeString(tokenizer, RandomModels.tokenizer().json());
    return WeightsOptions.of(null, null, tokenizer);
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
    ClipModel model = ModelFile.read(ClipModel.class, path, files(), manager);
    assertEquals(quickGelu, model.clip().config().quickGelu());
    assertEquals(Optional.empty(), model.provenance());
    try (ModelWeights weights = ModelWeights.open(path, WeightsOptions.NONE)) {
      assertEquals(ClipModel.KIND, weights.kind());
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
    SamModel model = ModelFile.read(SamModel.class, fixture("hugging-face-sam/" + file), manager);
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

  private static final List<String> OFFICIAL =
      List.of(
          "open-clip/open_clip_model.safetensors",
          "openai/ViT-tiny.pt",
          "hugging-face-clip/model.safetensors",
          "hugging-face-sam/model.safetensors");

  /** The same tensors behind prefixes, all of the files in one. */
  private Path together(Map<String, String> fileByPrefix) {
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    fileByPrefix.forEach(
        (prefix, file) -> {
          try (TensorSource source = Checkpoints.open(fixture(file))) {
            source.names().forEach(n -> arrays.put(prefix + n, source.read(n, manager)));
          }
        });
    Path together = folder.resolve("together.safetensors");
    SafetensorsWriter.write(together, arrays, Map.of());
    return together;
  }

  private static void assertSameModel(String expectedFile, Path got, String key) {
    try (ModelWeights plain = ModelWeights.open(fixture(expectedFile), WeightsOptions.NONE);
        ModelWeights weights = ModelWeights.open(got, WeightsOptions.of(key, null, null))) {
      assertEquals(plain.format(), weights.format());
      assertEquals(plain.tensors().names(), weights.tensors().names());
      for (String name : plain.tensors().names()) {
        assertArrayEquals(
            plain.tensors().readFloats(name), weights.tensors().readFloats(name), name);
      }
    }
  }

  /** What the public packages wrote, with what training puts before it: the same model. */
  @ParameterizedTest
  @ValueSource(strings = {"_orig_mod.", "module.model.", "backbone._orig_mod.module.", "sam."})
  void prefixesDoNotChangeTheModel(String prefix) {
    for (String file : OFFICIAL) {
      assertSameModel(file, together(Map.of(prefix, file)), null);
    }
  }

  @Test
  void ofSeveralModelsTheKeyChooses() {
    Map<String, String> files = new LinkedHashMap<>();
    for (int i = 0; i < OFFICIAL.size(); i++) {
      files.put("model." + i + ".", OFFICIAL.get(i));
    }
    Path together = together(files);
    for (int i = 0; i < OFFICIAL.size(); i++) {
      assertSameModel(OFFICIAL.get(i), together, "model." + i);
    }
    UserError several =
        assertThrows(UserError.class, () -> ModelWeights.open(together, WeightsOptions.NONE));
    assertTrue(
        several.getMessage().contains("model.0, model.1, model.2, model.3"), several::getMessage);
  }

  private static void assertClose(String what, NDArray got, float[] expected) {
    Vectors.assertClose(what, got.toFloatArray(), expected, RTOL, ATOL);
  }

  /** segment-anything's own state dict; a small decoder's heads come from a config beside it. */
  @Test
  void samOfSegmentAnythingHasTheSameValuesAsItsSafetensors() throws IOException {
    Path file = folder.resolve("sam.pth");
    Files.copy(Vectors.find("sam_tiny.pth"), file);
    UserError asked =
        assertThrows(UserError.class, () -> ModelFile.read(SamModel.class, file, manager));
    assertTrue(asked.getMessage().contains("num_attention_heads"), asked::getMessage);
    Files.writeString(
        folder.resolve("config.json"),
        "{\"model_type\": \"sam\", \"mask_decoder_config\": {\"num_attention_heads\": 4}}");
    Map<String, NDArray> arrays = ModelFile.read(SamModel.class, file, manager).sam().arrays();
    try (TensorSource expected = Checkpoints.open(Vectors.find("sam_tiny_weights.safetensors"))) {
      assertEquals(expected.names(), arrays.keySet());
      arrays.forEach(
          (name, array) ->
              assertArrayEquals(expected.readFloats(name), array.toFloatArray(), name));
    }
  }

  @Test
  void clipsNeedATokenizerThatFits() throws IOException {
    Path weights = fixture("open-clip/open_clip_model.safetensors");
    UserError none =
        assertThrows(UserError.class, () -> ModelFile.read(ClipModel.class, weights, manager));
    assertTrue(none.getMessage().contains("Give the model's own tokenizer"), none::getMessage);
    assertTokenizerRefused(weights, "99", "token id 99; the text tower has 24");
    assertTokenizerRefused(weights, "1", "does not end a text with its largest token id");
  }

  private void assertTokenizerRefused(Path weights, String end, String cause) throws IOException {
    Path tokenizer = folder.resolve("tokenizer.json");
    String json = RandomModels.tokenizer().json();
    String changed = json.replaceAll("(?<=\"<end>\",\"ids\":\\[)[0-9]+", end);
    assertTrue(changed.contains("[" + end + "]"), changed);
    Files.writeString(tokenizer, changed);
    WeightsOptions files = WeightsOptions.of(null, null, tokenizer);
    UserError error =
        assertThrows(
            UserError.class, () -> ModelFile.read(ClipModel.class, weights, files, manager));
    assertTrue(error.getMessage().contains(cause), error::getMessage);
    assertTrue(error.getMessage().contains(tokenizer.toString()), error::getMessage);
  }
}
