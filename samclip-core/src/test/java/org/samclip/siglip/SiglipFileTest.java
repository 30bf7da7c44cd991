package org.samclip.siglip;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samclip.UserError;
import org.samclip.checkpoint.Checkpoints;
import org.samclip.checkpoint.TensorSource;
import org.samclip.kernel.LibTorch;
import org.samclip.vit.ImageFeatures;
import org.samclip.vit.TeacherFixtures;

/** A SigLIP as transformers writes it gives what transformers computes. */
class SiglipFileTest {

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

  @Test
  void featuresAndLogitsAreTheReferences() {
    Path weights = TeacherFixtures.find("siglip/model.safetensors");
    Siglip model = SiglipFile.read(weights, Optional.empty(), manager);
    try (TensorSource expected = Checkpoints.open(weights.resolveSibling("outputs.safetensors"))) {
      for (String size : new String[] {"native", "other"}) {
        ImageFeatures got = model.visual().features(expected.read(size + ".images", manager));
        TeacherFixtures.assertClose(expected, size + ".summary", got.summary());
        TeacherFixtures.assertClose(expected, size + ".spatial", got.spatial());
      }
      NDArray texts = expected.read("texts", manager);
      TeacherFixtures.assertClose(expected, "text", model.text().forward(texts));
      NDArray images = model.embedImages(expected.read("native.images", manager));
      TeacherFixtures.assertClose(
          expected, "logits", model.logits(images, model.embedTexts(texts)));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "vision_config, hidden_size, 64, 'vision_config.hidden_size is 64, but the weights beside it"
        + " have 32'",
    "vision_config, hidden_act, '\"gelu\"', 'vision_config.hidden_act'",
    "vision_config, num_attention_heads, 3, 'heads 3'",
    "text_config, vocab_size, 41, 'text_config.vocab_size is 41'",
    "text_config, max_position_embeddings, 9, 'text_config.max_position_embeddings is 9'",
    "'', model_type, '\"clip\"', 'clip'",
  })
  void anotherModelsConfigIsRefused(String part, String key, String value, String cause)
      throws IOException {
    assertRefused(TeacherFixtures.withConfig("siglip", folder, part, key, value), cause);
  }

  @Test
  void missingConfigIsAskedFor() throws IOException {
    assertRefused(TeacherFixtures.withoutConfig("siglip", folder), "num_attention_heads");
  }

  private void assertRefused(Path weights, String cause) {
    UserError error =
        assertThrows(UserError.class, () -> SiglipFile.read(weights, Optional.empty(), manager));
    assertTrue(error.getMessage().contains(cause), error::getMessage);
    assertTrue(error.getMessage().contains(folder.toString()), error::getMessage);
  }
}
