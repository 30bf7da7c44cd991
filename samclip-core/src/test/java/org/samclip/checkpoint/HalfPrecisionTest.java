package org.samclip.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class HalfPrecisionTest {

  @Test
  void everyHalfSurvivesTheWayThereAndBack() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      float half = HalfPrecision.fromFloat16((short) bits);
      float brain = HalfPrecision.fromBfloat16((short) bits);
      if (Float.isNaN(half)) {
        assertTrue(Float.isNaN(HalfPrecision.fromFloat16(HalfPrecision.toFloat16(half))));
      } else {
        assertEquals((short) bits, HalfPrecision.toFloat16(half));
      }
      if (Float.isNaN(brain)) {
        assertTrue(Float.isNaN(HalfPrecision.fromBfloat16(HalfPrecision.toBfloat16(brain))));
      } else {
        assertEquals((short) bits, HalfPrecision.toBfloat16(brain));
      }
    }
    assertTrue(
        Float.isNaN(
            HalfPrecision.fromBfloat16(
                HalfPrecision.toBfloat16(Float.intBitsToFloat(0x7f800001)))));
  }

  @Test
  void brainFloatRoundsToNearestTiesToEven() {
    assertEquals(0x3f80, HalfPrecision.toBfloat16(Float.intBitsToFloat(0x3f808000)));
    assertEquals(0x3f82, HalfPrecision.toBfloat16(Float.intBitsToFloat(0x3f818000)));
    assertEquals(0x3f81, HalfPrecision.toBfloat16(Float.intBitsToFloat(0x3f808001)));
    assertEquals(0x7f80, HalfPrecision.toBfloat16(Float.MAX_VALUE));
  }

  @Test
  void binary16EqualsTheEngine() {
    SplittableRandom random = new SplittableRandom(11);
    float[] values = new float[1 << 16];
    for (int i = 0; i < values.length; i++) {
      // exponents around binary16's range, and half of the values on or beside a tie
      int bits = (random.nextInt(84, 145) << 23) | random.nextInt(1 << 23);
      if (i % 2 == 0) {
        bits = (bits & ~0x1fff | 0x1000) + random.nextInt(-1, 2);
      }
      values[i] = Float.intBitsToFloat(bits | random.nextInt(2) << 31);
    }
    try (NDManager manager = NDManager.newBaseManager();
        NDArray halves = manager.create(values).toType(DataType.FLOAT16, false)) {
      ByteBuffer expected = halves.toByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
      for (float value : values) {
        assertEquals(expected.getShort(), HalfPrecision.toFloat16(value), () -> "of " + value);
      }
    }
  }
}
