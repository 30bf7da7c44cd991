package org.samclip.eval.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class MaskIouTest {

  @Test
  void sharedPixelsOverAllPixels() {
    assertEquals(1 / 3.0, MaskIou.of(new byte[] {1, 1, 0, 0}, new byte[] {0, 1, 1, 0}));
    assertEquals(0.0, MaskIou.of(new byte[] {1, 0}, new byte[] {0, 1}));
    assertEquals(1.0, MaskIou.of(new byte[] {0, -1}, new byte[] {0, 1}));
  }

  @Test
  void twoEmptyMasksAgree() {
    assertEquals(1.0, MaskIou.of(new byte[3], new byte[3]));
    assertThrows(IllegalArgumentException.class, () -> MaskIou.of(new byte[3], new byte[2]));
  }
}
