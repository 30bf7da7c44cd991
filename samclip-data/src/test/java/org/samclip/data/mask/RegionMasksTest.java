package org.samclip.data.mask;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.samclip.data.BrokenSampleException;

class RegionMasksTest {

  @Test
  void equalsOneEncodingForEachNumber() {
    SplittableRandom random = new SplittableRandom(2);
    for (int round = 0; round < 50; round++) {
      int height = random.nextInt(1, 9);
      int width = random.nextInt(1, 9);
      int[] numbers = random.ints((long) height * width, 0, 4).toArray();
      Map<Integer, RunLengthMask> masks = new HashMap<>();
      RegionMasks.of(height, width, i -> numbers[i], n -> n != 2, masks::put);
      Map<Integer, RunLengthMask> expected = new HashMap<>();
      for (int number = 0; number < 4; number++) {
        byte[] mask = new byte[numbers.length];
        boolean there = false;
        for (int i = 0; i < numbers.length; i++) {
          mask[i] = (byte) (numbers[i] == number ? 1 : 0);
          there |= numbers[i] == number;
        }
        if (there && number != 2) {
          expected.put(number, RunLengthMask.encode(mask, height, width));
        }
      }
      assertEquals(expected, masks);
    }
  }

  @Test
  void refusesAMaskForEachPixel() {
    assertThrows(
        BrokenSampleException.class,
        () -> RegionMasks.of(101, 101, i -> i, n -> true, (n, mask) -> {}));
  }
}
