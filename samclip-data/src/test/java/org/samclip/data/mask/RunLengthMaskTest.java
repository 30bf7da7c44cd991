package org.samclip.data.mask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
  void encodesWhatAWalkDownTheColumnsFinds() {
    SplittableRandom random = new SplittableRandom(6);
    for (int round = 0; round < 300; round++) {
      int height = random.nextInt(1, 12);
      int width = random.nextInt(1, 12);
      double share = random.nextDouble();
      byte[] mask = new byte[height * width];
      for (int i = 0; i < mask.length; i++) {
        // Any byte but 0 is inside.
        mask[i] = (byte) (random.nextDouble() < share ? random.nextInt(1, 256) : 0);
      }
      RunBuilder runs = new RunBuilder();
      for (int x = 0; x < width; x++) {
        for (int y = 0; y < height; y++) {
          runs.add(mask[y * width + x] != 0, 1);
        }
      }
      RunLengthMask encoded = RunLengthMask.encode(mask, height, width);
      assertArrayEquals(runs.counts(), encoded.counts());
    }
  }

  @Test
  void mutatedStringsGiveMasksOrBrokenSamples() {
    SplittableRandom random = new SplittableRandom(20231015);
    String sound = RunLengthMask.encode(noise(60, 70, 4), 60, 70).toCompressedString();
    int refused = 0;
    for (int round = 0; round < 3000; round++) {
      StringBuilder text = new StringBuilder(sound);
      for (int i = random.nextInt(1, 4); i > 0; i--) {
        int at = random.nextInt(text.length());
        switch (random.nextInt(4)) {
          case 0 -> text.setLength(Math.max(1, at));
          case 1 -> text.deleteCharAt(at);
          case 2 -> text.insert(at, "ooooooo");
          default -> text.setCharAt(at, (char) random.nextInt(40, 120));
        }
      }
      try {
        RunLengthMask mask = RunLengthMask.ofCompressedString(60, 70, text.toString());
        assertEquals(60 * 70, mask.decode().length);
      } catch (BrokenSampleException e) {
        refused++;
        assertEquals(BrokenSampleException.Kind.BAD_MASK, e.kind());
      }
    }
    assertTrue(refused > 2000, refused + " of 3000 refused");
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
