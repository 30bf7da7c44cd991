package org.samclip.data.mask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.data.BrokenSampleException;

class RunLengthMaskTest {

  private static byte[] noise(int height, int width, int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] mask = new byte[height * width];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = (byte) (random.nextInt(3) / 2);
    }
    return mask;
  }

  @Test
  void roundTripsThroughCountsAndString() {
    byte[] mask = noise(7, 11, 1);
    RunLengthMask encoded = RunLengthMask.encode(mask, 7, 11);
    assertArrayEquals(mask, encoded.decode());
    assertEquals(encoded, RunLengthMask.ofCompressedString(7, 11, encoded.toCompressedString()));
  }

  @Test
  void mergesAndComparesLikePixels() {
    byte[] a = noise(9, 5, 2);
    byte[] b = noise(9, 5, 3);
    int shared = 0;
    int either = 0;
    for (int i = 0; i < a.length; i++) {
      shared += a[i] & b[i];
      either += a[i] | b[i];
    }
    RunLengthMask first = RunLengthMask.encode(a, 9, 5);
    RunLengthMask second = RunLengthMask.encode(b, 9, 5);
    assertEquals(shared, RunLengthMask.merge(List.of(first, second), true).area());
    assertEquals(either, RunLengthMask.merge(List.of(first, second), false).area());
    assertEquals((double) shared / either, first.iou(second, false), 1e-15);
    assertEquals((double) shared / first.area(), first.iou(second, true), 1e-15);
  }

  @Test
  void boundsSkipEmptyRuns() {
    RunLengthMask mask = new RunLengthMask(4, 3, new int[] {0, 0, 5, 2, 0, 0, 5});
    assertArrayEquals(new double[] {1, 1, 1, 2}, mask.boundingBox());
    assertArrayEquals(new double[4], new RunLengthMask(4, 3, new int[] {12}).boundingBox());
  }

  @Test
  void refusesCountsThatDoNotFit() {
    assertBroken(() -> new RunLengthMask(2, 2, new int[] {1, 2}));
    assertBroken(() -> new RunLengthMask(2, 2, new int[] {5, -1}));
    assertBroken(() -> new RunLengthMask(2, 2, new int[0]));
    assertBroken(() -> new RunLengthMask(0, 2, new int[] {0}));
    assertBroken(() -> new RunLengthMask(1 << 17, 1 << 17, new int[] {1}));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "P", "PP", "PP5", "ooooooooooo0", "\u00ff", " ", "0O", "PP4!"})
  void refusesStringsThatDoNotFit(String compressed) {
    assertBroken(() -> RunLengthMask.ofCompressedString(64, 64, compressed));
  }

  private static void assertBroken(Runnable action) {
    assertEquals(
        BrokenSampleException.Kind.BAD_MASK,
        assertThrows(BrokenSampleException.class, action::run).kind());
  }
}
