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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;
import org.samclip.checkpoint.Checkpoints;
import org.samclip.checkpoint.SafetensorsWriter;
import org.samclip.checkpoint.TensorSource;
import org.samclip.kernel.LibTorch;
import org.samclip.vit.TeacherFixtures;

/** Plain ViTs come through the door that SAM and CLIP come through, and keep out of their way. */
class VitFamilyTest {

  @TempDir Path folder;

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
    VisionModel model = ModelFile.read(VisionModel.class, weights, manager);
    try (TensorSource expected = Checkpoints.open(weights.resolveSibling("outputs.safetensors"))) {
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
    assertEquals(List.of(.485f, .456f, .406f), model.input().mean());
    assertEquals(0, model.input().side() % model.input().patch());
  }

  @Test
  void timmsPixelsAreAskedFor() throws IOException {
    Path weights = TeacherFixtures.find("timm/model.safetensors");
    UserError error =
        assertThrows(UserError.class, () -> ModelFile.read(VisionModel.class, weights, manager));
    assertTrue(error.getMessage().contains("pretrained_cfg.mean"), error::getMessage);
    String half = "{\"mean\": [0.5, 0.5, 0.5], \"std\": [0.5, 0.5, 0.5]}";
    Path told = TeacherFixtures.withConfig("timm", folder, "", "pretrained_cfg", half);
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
    ModelFile.write(file, RandomModels.sam(manager), org.samclip.checkpoint.TensorType.F32);
    UserError error =
        assertThrows(UserError.class, () -> ModelFile.read(VitModel.class, file, manager));
    assertTrue(error.getMessage().contains("vit"), error::getMessage);
  }
}
