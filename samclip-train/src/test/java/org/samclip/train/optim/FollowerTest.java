package org.samclip.train.optim;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.samclip.kernel.LibTorch;

class FollowerTest {

  private static final int STEPS = 10;

  @Test
  void followsTheFormula() {
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      NDArray leader = manager.create(new float[] {1, -2});
      leader.setRequiresGradient(true);
      NDArray copy = manager.create(new float[] {1, -2});
      Follower follower = new Follower(Map.of("w", copy), Map.of("w", leader), .9, STEPS);
      double[] expected = {1, -2};
      for (int step = 0; step < STEPS; step++) {
        leader.addi(step % 3);
        follower.follow(step);
        double m = 1 - .1 * (Math.cos(Math.PI * step / STEPS) + 1) / 2;
        assertEquals(m, follower.momentum(step), 1e-12);
        float[] values = leader.toFloatArray();
        for (int i = 0; i < 2; i++) {
          expected[i] = m * expected[i] + (1 - m) * values[i];
        }
      }
      float[] followed = {(float) expected[0], (float) expected[1]};
      assertArrayEquals(followed, copy.toFloatArray(), 1e-5f);
    }
  }

  @Test
  void theMomentumRisesToOne() {
    Follower follower = new Follower(Map.of(), Map.of(), .99, STEPS);
    assertEquals(.99, follower.momentum(0), 1e-12);
    assertEquals(.995, follower.momentum(STEPS / 2), 1e-12);
    assertEquals(1, follower.momentum(STEPS), 1e-12);
  }

  @Test
  void refusesAnotherNetwork() {
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      Map<String, NDArray> one = Map.of("w", manager.create(1f));
      Map<String, NDArray> other = Map.of("v", manager.create(1f));
      assertThrows(IllegalArgumentException.class, () -> new Follower(one, other, .9, STEPS));
    }
  }
}
