package org.samclip.train.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.samclip.kernel.LibTorch;

class WeightAverageTest {

  @Test
  void followsTheFormulaAndSwapsThereAndBack() {
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      NDArray w = manager.create(new float[] {1, -2});
      w.setRequiresGradient(true);
      try (WeightAverage average = new WeightAverage(Map.of("w", w), .5, manager)) {
        double[] expected = {1, -2};
        for (int n = 1; n <= 20; n++) {
          w.addi(n % 3);
          average.update(n);
          double decay = Math.min(.5, (1. + n) / (10 + n));
          float[] values = w.toFloatArray();
          for (int i = 0; i < expected.length; i++) {
            expected[i] = decay * expected[i] + (1 - decay) * values[i];
          }
        }
        float[] averages = {(float) expected[0], (float) expected[1]};
        float[] raw = w.toFloatArray();
        assertArrayEquals(averages, average.state().get("ema.w").toFloatArray(), 1e-4f);
        average.swap();
        assertArrayEquals(averages, w.toFloatArray(), 1e-4f);
        assertArrayEquals(raw, average.state().get("ema.w").toFloatArray());
        average.swap();
        assertArrayEquals(raw, w.toFloatArray());
      }
    }
  }
}
