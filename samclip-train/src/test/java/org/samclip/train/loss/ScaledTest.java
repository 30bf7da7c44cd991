package org.samclip.train.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;

/** A loss's factor is still there in the backward pass, whatever the JVM collects before. */
class ScaledTest {

  private static final int LOSSES = 200;
  private static final float FACTOR = .375f;

  @Test
  void theFactorOutlivesACollection() {
    try (NDManager manager = LibTorch.newManager(Device.cpu());
        Autograd on = Autograd.enabled()) {
      NDArray x = manager.create(2f);
      x.setRequiresGradient(true);
      List<NDArray> losses = new ArrayList<>();
      for (int i = 0; i < LOSSES; i++) {
        losses.add(Losses.scaled(x, FACTOR));
      }
      System.gc();
      // What was freed is written over.
      for (int i = 0; i < LOSSES; i++) {
        manager.create(-1e6f);
      }
      losses.forEach(on::backward);
      assertEquals(LOSSES * FACTOR, x.getGradient().getFloat());
    }
  }
}
