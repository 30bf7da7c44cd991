package org.samclip.eval.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MaskIouTest {

  @Test
  void meanIsOverInstances() {
    MaskIou ious = new MaskIou();
    assertTrue(Double.isNaN(ious.mean()));
    assertEquals(1 / 3.0, ious.add(new byte[] {1, 1, 0, 0}, new byte[] {0, 1, 1, 0}));
    assertEquals(0.0, ious.add(new byte[] {1, 0}, new byte[] {0, 1}));
    assertEquals(1.0, ious.add(new byte[] {0, -1}, new byte[] {0, 1}));
    assertEquals(3, ious.count());
    assertEquals(4 / 9.0, ious.mean(), 1e-15);
    assertEquals(2 / 3.0, ious.shareAtLeast(1 / 3.0), 1e-15);
  }

  @Test
  void twoEmptyMasksAgree() {
    assertEquals(1.0, MaskIou.of(new byte[3], new byte[3]));
    assertThrows(IllegalArgumentException.class, () -> MaskIou.of(new byte[3], new byte[2]));
  }

  @Test
  void manyInstancesAreKept() {
    MaskIou ious = new MaskIou();
    for (int i = 0; i < 1000; i++) {
      ious.add(new byte[] {1}, new byte[] {(byte) (i % 4 == 0 ? 1 : 0)});
    }
    assertEquals(1000, ious.count());
    assertEquals(0.25, ious.mean(), 1e-12);
  }
}
