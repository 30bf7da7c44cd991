package org.samclip.vit;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.checkpoint.Checkpoints;
import org.samclip.checkpoint.TensorSource;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ModelFile;
import org.samclip.model.SiglipModel;
import org.samclip.model.VitModel;
import org.samclip.model.WeightsOptions;
import org.samclip.siglip.Siglip;

/**
 * Vision foundation models of the published sizes against transformers, with what {@code
 * scripts/make-teacher-fixtures.py --full DIR/teachers} writes:
 *
 * <pre>mvn -Pparity -Dsamclip.parity=DIR -pl samclip-core test</pre>
 */
@Tag("parity")
class FullSizeTeacherParityTest {

  /** Largest difference allowed, as a share of the largest expected value. */
  private static final double TOLERANCE = 1e-4;

  private static Path find(String set) {
    String given = System.getProperty("samclip.parity", "");
    assertFalse(given.isEmpty(), "give the folder above teachers: -Dsamclip.parity=DIR");
    Path base = Path.of(System.getProperty("samclip.vectors.base", "")).resolve(given);
    Path folder = base.resolve("teachers").resolve(set);
    assertTrue(Files.isDirectory(folder), folder + " is not a folder");
    return folder;
  }

  @ParameterizedTest
  @ValueSource(strings = {"dinov2", "dinov2-registers", "dinov3"})
  void vits(String set) {
    Path folder = find(set);
    try (NDManager manager = LibTorch.newManager(Device.cpu());
        Autograd off = Autograd.disabled();
        TensorSource io = Checkpoints.open(folder.resolve("outputs.safetensors"))) {
      Path weights = folder.resolve("model.safetensors");
      compare(set, io, ModelFile.read(VitModel.class, weights, manager).encoder(), manager);
    }
  }

  @Test
  void siglip() {
    Path folder = find("siglip");
    try (NDManager manager = LibTorch.newManager(Device.cpu());
        Autograd off = Autograd.disabled();
        TensorSource io = Checkpoints.open(folder.resolve("outputs.safetensors"))) {
      Path weights = folder.resolve("model.safetensors");
      WeightsOptions tokenizer = WeightsOptions.of(null, null, smallTokenizer());
      Siglip model = ModelFile.read(SiglipModel.class, weights, tokenizer, manager).siglip();
      compare("siglip", io, model.visual(), manager);
      NDArray alone = model.visual().patchSummaries(io.read("native.images", manager));
      compare("siglip", io, "native.alone", alone);
      compare("siglip", io, "text", model.text().forward(io.read("texts", manager)));
    }
  }

  /** A model is read with a tokenizer; texts are given as ids here. */
  private static Path smallTokenizer() {
    return TeacherFixtures.find("../texts/siglip2/tokenizer.json");
  }

  private static void compare(String set, TensorSource io, VitEncoder model, NDManager manager) {
    String size = io.names().contains("native.images") ? "native." : "other.";
    ImageFeatures got = model.features(io.read(size + "images", manager));
    compare(set, io, size + "summary", got.summary());
    compare(set, io, size + "spatial", got.spatial());
  }

  private static void compare(String set, TensorSource io, String name, NDArray got) {
    double error = TeacherFixtures.error(io.readFloats(name), got.toFloatArray());
    System.out.printf("| %s | %s | %s | %.1e |%n", set, name, got.getShape(), error);
    assertTrue(error <= TOLERANCE, set + ", " + name + ": relative error " + error);
  }
}
