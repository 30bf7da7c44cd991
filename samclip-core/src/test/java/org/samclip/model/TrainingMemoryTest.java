package org.samclip.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.BaseNDManager;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.Kernels;
import org.samclip.kernel.LibTorch;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;
import org.samclip.student.ClipHeadConfig.Pool;
import org.samclip.student.SamClipPair;

/** Training steps in a scope of DJL leave nothing behind. */
class TrainingMemoryTest {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final int STEPS = 200;
  private static final int WARM_UP = 50;

  /** What 150 steps without a scope leave is over 100 MiB. */
  private static final long ALLOWED_KIB = 16 * 1024;

  @Test
  void stepsLeaveNeitherArraysNorPages() throws IOException {
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      SamClipPair model = SmallModel.load(manager, Pool.MAX);
      PtNDArray[] trainable =
          model.arrays().entrySet().stream()
              .filter(entry -> !entry.getKey().startsWith("prompt_encoder."))
              .map(entry -> (PtNDArray) entry.getValue())
              .toArray(PtNDArray[]::new);
      for (NDArray array : trainable) {
        array.setRequiresGradient(true);
      }
      int arrays = 0;
      long pages = 0;
      for (int i = 0; i < STEPS; i++) {
        step(model, manager, trainable);
        if (i == WARM_UP) {
          arrays = count(manager);
          pages = residentKib();
        }
        if (i > WARM_UP) {
          assertEquals(arrays, count(manager), "live arrays after step " + i);
        }
      }
      long grown = residentKib() - pages;
      assertTrue(grown < ALLOWED_KIB, "resident memory grew by " + grown + " KiB");
    }
  }

  private static void step(SamClipPair model, NDManager manager, PtNDArray[] trainable) {
    try (NDScope scope = new NDScope();
        Autograd on = Autograd.enabled()) {
      scope.suppressNotUsedWarning();
      NDArray images = manager.ones(new Shape(1, 3, 32, 32));
      NDArray boxes = manager.create(new float[] {3, 4, 20, 30}).reshape(1, 1, 4);
      TwoHeadedModel.Features features = model.features(images);
      Masks masks =
          model
              .samHead()
              .masks(features.neck(), Prompts.boxes(boxes), Prompts.CornerLabels.IGNORED);
      NDArray loss = features.image().sum().add(masks.logits().mean()).add(masks.iou().sum());
      on.backward(loss);
      Kernels.script().run("zero_gradients", IValue.listFrom(trainable)).close();
    }
  }

  private static int count(NDManager manager) {
    return ((BaseNDManager) manager).getManagedArrays().size();
  }

  /** Of the whole process, 0 where the system does not say. */
  private static long residentKib() throws IOException {
    if (!Files.isReadable(STATUS)) {
      return 0;
    }
    System.gc(); // the heap's own growth is not what is measured
    String line =
        Files.readAllLines(STATUS).stream().filter(l -> l.startsWith("VmRSS:")).findFirst().get();
    return Long.parseLong(line.replaceAll("\\D", ""));
  }
}
