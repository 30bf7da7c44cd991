package org.samclip.train.optim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CosineScheduleTest {

  @Test
  void risesInEqualPartsThenFallsToTheFloor() {
    CosineSchedule schedule = new CosineSchedule(4, 24, .1);
    for (int step = 0; step < 4; step++) {
      assertEquals((step + 1) / 4., schedule.factor(step), 1e-15);
    }
    assertEquals(1, schedule.factor(4));
    assertEquals(.55, schedule.factor(14), 1e-15); // half way
    assertEquals(.1, schedule.factor(24), 1e-15);
    for (int step = 4; step < 24; step++) {
      assertTrue(schedule.factor(step + 1) < schedule.factor(step));
    }
  }

  @Test
  void staysAtTheFloorBehindTheEnd() {
    CosineSchedule schedule = new CosineSchedule(0, 10, .25);
    for (long step : new long[] {10, 11, 1000, Long.MAX_VALUE}) {
      assertEquals(.25, schedule.factor(step), 1e-15);
    }
  }

  @Test
  void withoutWarmUpItBeginsAtTheTop() {
    assertEquals(1, new CosineSchedule(0, 1, 0).factor(0));
    assertEquals(1, new CosineSchedule(0, 7, .5).factor(0));
  }

  @Test
  void allWarmUpIsNoDivisionByZero() {
    CosineSchedule schedule = new CosineSchedule(3, 3, 0);
    assertEquals(1 / 3., schedule.factor(0), 1e-15);
    assertEquals(1, schedule.factor(2));
    assertEquals(1, schedule.factor(3));
  }

  @Test
  void floorOfOneIsConstant() {
    CosineSchedule schedule = new CosineSchedule(0, 9, 1);
    for (int step = 0; step < 12; step++) {
      assertEquals(1, schedule.factor(step));
    }
  }

  @ParameterizedTest
  @CsvSource({"-1, 5, 0", "0, 0, 0", "6, 5, 0", "0, 5, -0.1", "0, 5, 1.1", "0, 5, NaN"})
  void refusesWhatIsNoSchedule(long warmup, long total, double floor) {
    assertThrows(IllegalArgumentException.class, () -> new CosineSchedule(warmup, total, floor));
  }
}
