package org.samclip.eval.segment;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class DeepestPointTest {

  /** Every pixel against every pixel outside, with a frame of one pixel outside. */
  private static DeepestPoint.Pixel bySearch(byte[] mask, int height, int width) {
    DeepestPoint.Pixel deepest = null;
    int depth = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int nearest = Integer.MAX_VALUE;
        for (int v = -1; v <= height; v++) {
          for (int u = -1; u <= width; u++) {
            boolean inside =
                v >= 0 && v < height && u >= 0 && u < width && mask[v * width + u] != 0;
            if (!inside) {
              nearest = Math.min(nearest, (x - u) * (x - u) + (y - v) * (y - v));
            }
          }
        }
        if (nearest > depth) {
          depth = nearest;
          deepest = new DeepestPoint.Pixel(x, y);
        }
      }
    }
    return deepest;
  }

  @Test
  void equalsASearchOverAllPixels() {
    SplittableRandom random = new SplittableRandom(11);
    for (int round = 0; round < 300; round++) {
      int height = 1 + random.nextInt(24);
      int width = 1 + random.nextInt(24);
      int holes = random.nextInt(1 + height * width / (1 + random.nextInt(20)));
      byte[] mask = new byte[height * width];
      if (round % 3 > 0) {
        Arrays.fill(mask, (byte) 1);
      }
      for (int i = 0; i < holes; i++) {
        mask[random.nextInt(mask.length)] ^= 1;
      }
      assertEquals(
          bySearch(mask, height, width),
          DeepestPoint.of(mask, height, width),
          "round " + round + ": " + height + " x " + width);
    }
  }

  @Test
  void theFirstOfEqualsAndNoneOfAnEmptyMask() {
    byte[] full = new byte[4 * 6];
    Arrays.fill(full, (byte) 1);
    assertEquals(new DeepestPoint.Pixel(1, 1), DeepestPoint.of(full, 4, 6));
    assertNull(DeepestPoint.of(new byte[6], 2, 3));
  }
}
