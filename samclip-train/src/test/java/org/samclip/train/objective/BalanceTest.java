package org.samclip.train.objective;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import org.junit.jupiter.api.Test;

class BalanceTest {

  @Test
  void theFactorIsOneOverTheRunningMean() {
    Balance balance = new Balance(Map.of("a", .9, "b", .5), Map.of());
    double a = Double.NaN;
    double b = Double.NaN;
    assertEquals(1, balance.factor("a"), "nothing is known yet");
    double[] seen = {4, 2, 8, 1e-3, 5};
    for (double loss : seen) {
      balance.update(Map.of("a", loss, "b", 10 * loss, "c", 100.));
      a = Double.isNaN(a) ? loss : .9 * a + .1 * loss;
      b = Double.isNaN(b) ? 10 * loss : .5 * b + .5 * 10 * loss;
      assertEquals(1 / a, balance.factor("a"), 1e-6 / a);
      assertEquals(1 / b, balance.factor("b"), 1e-6 / b);
      assertEquals(1, balance.factor("c"), "is not balanced");
    }
    assertEquals(a, balance.means().get("a"), 1e-12);
    assertEquals(b, balance.means().get("b"), 1e-12);
    assertEquals(2, balance.means().size());
  }

  @Test
  void goesOnFromWhatAnEarlierRunLeft() {
    Balance whole = new Balance(Map.of("a", .99), Map.of());
    Balance first = new Balance(Map.of("a", .99), Map.of());
    for (int i = 0; i < 5; i++) {
      whole.update(Map.of("a", 1. / (i + 1)));
      first.update(Map.of("a", 1. / (i + 1)));
    }
    Balance second = new Balance(Map.of("a", .99), first.means());
    whole.update(Map.of("a", .7));
    second.update(Map.of("a", .7));
    assertEquals(whole.means(), second.means());
    assertEquals(Map.of(), new Balance(Map.of("b", .9), first.means()).means(), "of others");
  }

  /** A student that says what its teacher says. */
  @Test
  void aLossOfZeroLeavesAFiniteFactor() {
    Balance balance = new Balance(Map.of("a", .9), Map.of());
    balance.update(Map.of("a", 0.));
    assertTrue(Float.isFinite(balance.factor("a")));
  }
}
