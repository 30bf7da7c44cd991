package org.samclip.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
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
import org.samclip.checkpoint.Provenance;
import org.samclip.checkpoint.SafetensorsWriter;
import org.samclip.checkpoint.TensorSource;
import org.samclip.checkpoint.TensorType;
import org.samclip.kernel.Kernels.VitMlp;
import org.samclip.kernel.LibTorch;
import org.samclip.vit.BlockConfig;
import org.samclip.vit.Positions;
import org.samclip.vit.TeacherFixtures;
import org.samclip.vit.VitConfig;
import org.samclip.vit.VitConfig.Summary;

/** Plain ViTs come through the door that SAM and CLIP come through, and keep out of their way. */
class VitFamilyTest {

  @TempDir Path folder;

  /** What timm writes into its configs. */
  private static final String HALF = "{\"mean\": [0.5, 0.5, 0.5], \"std\": [0.5, 0.5, 0.5]}";

  private NDManager manager;

  @BeforeEach
  void start() {
    manager = LibTorch.newManager(Device.cpu());
  }

  @AfterEach
  void stop() {
    manager.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dinov2/model.safetensors",
        "dinov2-registers/model.safetensors",
        "dinov2-plain/model.pth",
        "dinov3/model.safetensors",
        "dinov3-gated/model.safetensors"
      })
  void officialFilesGiveWhatTheReferenceGives(String file) {
    Path weights = TeacherFixtures.find(file);
    assertEquals("vit", ModelFile.kind(weights));
    VisionModel model = assertAsReference(weights, weights);
    assertEquals(List.of(.485f, .456f, .406f), model.input().mean());
    assertEquals(0, model.input().side() % model.input().patch());
  }

  @ParameterizedTest
  @ValueSource(strings = {"timm", "timm-mean"})
  void timmsFilesGiveWhatTheReferenceGives(String set) throws IOException {
    Path weights = TeacherFixtures.withConfig(set, folder, "", "pretrained_cfg", HALF);
    assertAsReference(weights, TeacherFixtures.find(set + "/config.json"));
  }

  private VisionModel assertAsReference(Path weights, Path outputs) {
    VisionModel model = ModelFile.read(VisionModel.class, weights, manager);
    try (TensorSource expected = Checkpoints.open(outputs.resolveSibling("outputs.safetensors"))) {
      for (String size : new String[] {"native", "other"}) {
        NDArray images = expected.read(size + ".images", manager);
        model
            .outputs()
            .forEach(
                (name, output) -> {
                  NDArray got = output.forward().apply(images);
                  TeacherFixtures.assertClose(expected, size + "." + name, got);
                  if (images.getShape().get(2) == images.getShape().get(3)) {
                    Shape row = output.row().apply((int) images.getShape().get(2));
                    assertEquals(new Shape(images.getShape().get(0)).addAll(row), got.getShape());
                  }
                });
      }
    }
    return model;
  }

  @Test
  void partsAreToldByShapesAndConfig() throws IOException {
    VitConfig dinov2 = config(TeacherFixtures.find("dinov2-registers/model.safetensors"));
    assertEquals(VitMlp.GATED, dinov2.block().mlp());
    assertEquals(88, dinov2.block().hidden());
    assertEquals(3, dinov2.prefix());
    VitConfig dinov3 = config(TeacherFixtures.find("dinov3/model.safetensors"));
    assertEquals(BlockConfig.Bias.QUERY_VALUE, dinov3.block().bias());
    assertEquals(new Positions.Rotary(100), dinov3.positions());
    assertEquals(1e-5, dinov3.block().eps());
    Path timm = TeacherFixtures.withConfig("timm-mean", folder, "", "pretrained_cfg", HALF);
    assertEquals(Summary.NORMED_MEAN, config(timm).summary());
  }

  private static VitConfig config(Path weights) {
    return ModelFile.sizes(VitModel.Sizes.class, weights, WeightsOptions.NONE).encoder();
  }

  @ParameterizedTest
  @ValueSource(strings = {"dinov2-registers", "dinov3-gated"})
  void ourOwnFileSaysTheSame(String set) throws IOException {
    Path weights = TeacherFixtures.find(set + "/model.safetensors");
    VitModel model = ModelFile.read(VitModel.class, weights, manager);
    String architecture = ModelFile.architecture(model.sizes());
    Provenance origin =
        new Provenance("test", VitModel.KIND, architecture, "", Map.of(), "", Map.of());
    Path own = folder.resolve("own.safetensors");
    ModelFile.write(
        own, new VitModel(model.encoder(), model.sizes(), Optional.of(origin)), TensorType.F32);
    assertEquals(model.sizes(), ModelFile.sizes(VitModel.Sizes.class, own, WeightsOptions.NONE));
    assertAsReference(own, weights);
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

  private void assertRefused(Path weights, String cause) {
    UserError error =
        assertThrows(UserError.class, () -> ModelFile.read(VisionModel.class, weights, manager));
    assertTrue(error.getMessage().contains(cause), error::getMessage);
    assertTrue(error.getMessage().contains(folder.toString()), error::getMessage);
  }

  @Test
  void timmsPixelsAreAskedFor() throws IOException {
    Path weights = TeacherFixtures.find("timm/model.safetensors");
    UserError error =
        assertThrows(UserError.class, () -> ModelFile.read(VisionModel.class, weights, manager));
    assertTrue(error.getMessage().contains("pretrained_cfg.mean"), error::getMessage);
    Path told = TeacherFixtures.withConfig("timm", folder, "", "pretrained_cfg", HALF);
    VitModel model = ModelFile.read(VitModel.class, told, manager);
    assertEquals(List.of(.5f, .5f, .5f), model.input().std());
    String bad = "{\"mean\": [0.5, \"half\"], \"std\": [0.5, 0.5, 0.5]}";
    Path other = Files.createDirectory(folder.resolve("other"));
    Path wrong = TeacherFixtures.withConfig("timm", other, "", "pretrained_cfg", bad);
    error = assertThrows(UserError.class, () -> ModelFile.read(VisionModel.class, wrong, manager));
    assertTrue(error.getMessage().contains("pretrained_cfg.mean"), error::getMessage);
  }

  /** SAM's encoder has blocks of the same names. */
  @Test
  void aSamStaysASam() {
    Map<String, NDArray> arrays = new LinkedHashMap<>(RandomModels.sam(manager).sam().arrays());
    Path file = folder.resolve("sam.safetensors");
    SafetensorsWriter.write(file, arrays, Map.of());
    assertEquals("sam", ModelFile.kind(file));
  }

  @Test
  void aSamIsNoVit() {
    Path file = folder.resolve("own.safetensors");
    ModelFile.write(file, RandomModels.sam(manager), TensorType.F32);
    UserError error =
        assertThrows(UserError.class, () -> ModelFile.read(VitModel.class, file, manager));
    assertTrue(error.getMessage().contains("vit"), error::getMessage);
  }
}
