package org.samclip.vit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
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
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;
import org.samclip.checkpoint.Checkpoints;
import org.samclip.checkpoint.TensorSource;
import org.samclip.kernel.Kernels.VitMlp;
import org.samclip.kernel.LibTorch;
import org.samclip.vit.VitConfig.Summary;

/** Plain ViTs as the public packages write them give what those packages compute. */
class VitFileTest {

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

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dinov2/model.safetensors",
        "dinov2-registers/model.safetensors",
        "dinov2-plain/model.pth",
        "dinov3/model.safetensors",
        "dinov3-gated/model.safetensors",
        "timm/model.safetensors",
        "timm-mean/model.safetensors"
      })
  void featuresAreTheReferences(String file) {
    Path weights = TeacherFixtures.find(file);
    VitEncoder model = VitFile.read(weights, Optional.empty(), manager);
    try (TensorSource expected = Checkpoints.open(weights.resolveSibling("outputs.safetensors"))) {
      for (String size : new String[] {"native", "other"}) {
        ImageFeatures got = model.features(expected.read(size + ".images", manager));
        TeacherFixtures.assertClose(expected, size + ".summary", got.summary());
        TeacherFixtures.assertClose(expected, size + ".spatial", got.spatial());
      }
    }
  }

  @Test
  void partsAreToldByShapesAndConfig() {
    VitConfig dinov2 = read("dinov2-registers/model.safetensors");
    assertEquals(VitMlp.GATED, dinov2.block().mlp());
    assertEquals(88, dinov2.block().hidden());
    assertEquals(3, dinov2.prefix());
    VitConfig dinov3 = read("dinov3/model.safetensors");
    assertEquals(BlockConfig.Bias.QUERY_VALUE, dinov3.block().bias());
    assertEquals(new Positions.Rotary(100), dinov3.positions());
    assertEquals(1e-5, dinov3.block().eps());
    assertEquals(Summary.NORMED_MEAN, read("timm-mean/model.safetensors").summary());
  }

  private VitConfig read(String file) {
    return VitFile.read(TeacherFixtures.find(file), Optional.empty(), manager).config();
  }

  @ParameterizedTest
  @CsvSource({
    "dinov2, model_type, '\"vit\"', 'vit'",
    "dinov2, hidden_size, 64, 'hidden_size is 64, but the weights beside it have 32'",
    "dinov2, num_hidden_layers, 3, 'num_hidden_layers is 3'",
    "dinov2, mlp_ratio, 2, 'mlp_ratio is 2.0'",
    "dinov2, hidden_act, '\"relu\"', 'relu'",
    "dinov2, image_size, 32, 'image_size is 32'",
    "dinov2, num_attention_heads, 5, 'heads 5'",
    "dinov2, layer_norm_eps, '\"small\"', 'layer_norm_eps'",
    "dinov2-registers, num_register_tokens, 4, 'num_register_tokens is 4'",
    "dinov2-registers, use_swiglu_ffn, false, 'use_swiglu_ffn is false'",
    "dinov3, rope_theta, -1, 'rope_theta -1.0'",
    "dinov3, key_bias, true, 'key_bias is true'",
    "dinov3-gated, hidden_act, '\"gelu\"', 'gelu'",
    "timm, num_features, 64, 'num_features is 64'",
    "timm, global_pool, '\"map\"', 'map'",
  })
  void anotherModelsConfigIsRefused(String set, String key, String value, String cause)
      throws IOException {
    assertRefused(TeacherFixtures.withConfig(set, folder, "", key, value), cause);
  }

  @ParameterizedTest
  @ValueSource(strings = {"dinov2", "dinov3"})
  void missingConfigIsAskedFor(String set) throws IOException {
    assertRefused(TeacherFixtures.withoutConfig(set, folder), "num_attention_heads");
  }

  @Test
  void headsOfAnUnpublishedWidthAreAskedFor() throws IOException {
    assertRefused(TeacherFixtures.withoutConfig("timm", folder), "num_heads");
  }

  @Test
  void otherModelsAreRefused() throws IOException {
    assertRefused(TeacherFixtures.withoutConfig("siglip", folder), "not those of a plain ViT");
  }

  private void assertRefused(Path weights, String cause) {
    UserError error =
        assertThrows(UserError.class, () -> VitFile.read(weights, Optional.empty(), manager));
    assertTrue(error.getMessage().contains(cause), error::getMessage);
    assertTrue(error.getMessage().contains(folder.toString()), error::getMessage);
  }
}
