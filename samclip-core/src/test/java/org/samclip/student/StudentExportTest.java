package org.samclip.student;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samclip.UserError;
import org.samclip.checkpoint.Provenance;
import org.samclip.checkpoint.TensorType;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ModelFile;
import org.samclip.model.SamModel;
import org.samclip.model.WeightsOptions;
import org.samclip.model.export.ExportFormat;
import org.samclip.model.export.ModelExport;

/** Students with other heads than the paper's in the formats of other programs. */
class StudentExportTest {

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

  private Student written(Path file, BackboneConfig backbone) {
    Student student = Students.student(backbone, manager);
    String sizes = ModelFile.architecture(new MergedModel.Sizes(student.config(), null));
    Provenance origin = new Provenance("test", MergedModel.KIND, sizes, "", Map.of(), "", Map.of());
    ModelFile.write(
        file, new MergedModel(student, Optional.empty(), Optional.of(origin)), TensorType.F32);
    return student;
  }

  private static ModelExport export(Path model, Path out) {
    return new ModelExport(model, WeightsOptions.NONE, out, false, "9.8", Map.of());
  }

  @Test
  void aSamIsBackboneAndMaskHeadWithoutTheOthers() {
    Path file = folder.resolve("student.safetensors");
    Path out = folder.resolve("sam.pth");
    Map<String, NDArray> own = written(file, Students.VIT_DET).arrays();
    export(file, out).write(ExportFormat.SAM, ModelExport.Part.ALL);
    Map<String, NDArray> sam = ModelFile.read(SamModel.class, out, manager).sam().arrays();
    assertFalse(sam.isEmpty());
    sam.forEach((name, array) -> assertEquals(own.get(name), array, name));
    assertTrue(own.size() > sam.size());
  }

  @ParameterizedTest
  @CsvSource({
    "SAM, sam.pth, learned, vit-det",
    "TORCHSCRIPT, all.pt, learned, of kind vit",
    "TORCHSCRIPT, all.pt, vit-det, ladder-i of kind ladder",
  })
  void whatAFormatCannotHoldIsSaid(
      ExportFormat format, String name, String backbone, String named) {
    Path file = folder.resolve("student.safetensors");
    written(file, backbone.equals("learned") ? Students.learned() : Students.VIT_DET);
    Path out = folder.resolve(name);
    UserError e =
        assertThrows(UserError.class, () -> export(file, out).write(format, ModelExport.Part.ALL));
    assertTrue(e.getMessage().contains(named), e.getMessage());
    assertTrue(e.getMessage().contains("mask-decoder"), e.getMessage());
    assertFalse(Files.exists(out));
  }

  @Test
  void aModelWithoutATextTowerHasNoneToWrite() {
    Path file = folder.resolve("student.safetensors");
    written(file, Students.bare());
    UserError e =
        assertThrows(
            UserError.class,
            () ->
                export(file, folder.resolve("text.bin"))
                    .write(ExportFormat.OPENCLIP, ModelExport.Part.TEXT));
    assertTrue(e.getMessage().contains("text tower"), e.getMessage());
  }
}
