package org.samclip.checkpoint;

/**
 * IEEE 754 binary16 and bfloat16 to and from float32, rounding to nearest, ties to even. (Java 17
 * has no conversion of its own.)
 */
final class HalfPrecision {

  private HalfPrecision() {}

  /**
   * @param bits a binary16 value
   * @return the same number
   */
  static float fromFloat16(short bits) {
    int sign = (bits & 0x8000) << 16;
    int exponent = (bits >> 10) & 0x1f;
    int mantissa = bits & 0x3ff;
    if (exponent == 0x1f) {
      return Float.intBitsToFloat(sign | 0x7f800000 | mantissa << 13);
    }
    if (exponent == 0) {
      float magnitude = mantissa * 0x1p-24f; // zero and subnormal numbers, exact
      return sign == 0 ? magnitude : -magnitude;
    }
    return Float.intBitsToFloat(sign | (exponent + 112) << 23 | mantissa << 13);
  }

  /**
   * @param value any float
   * @return the nearest binary16 number; infinite beyond 65520
   */
  static short toFloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    int magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) {
      return (short) (sign | 0x7e00 | magnitude >> 13 & 0x3ff); // NaN stays NaN
    }
    if (magnitude >= 0x477ff000) {
      return (short) (sign | 0x7c00); // 65520 and more round to infinity
    }
    if (magnitude >= 0x38800000) { // normal: 2^-14 and more
      int rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
      return (short) (sign | (rounded - (112 << 23)) >> 13);
    }
    // Subnormal: adding 0.5 leaves 2^-24 as the last place of a float, rounded by the hardware.
    int rounded = Float.floatToRawIntBits(Math.abs(value) + 0.5f) - 0x3f000000;
    return (short) (sign | rounded);
  }

  /**
   * @param bits a bfloat16 value
   * @return the same number
   */
  static float fromBfloat16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /**
   * @param value any float
   * @return the nearest bfloat16 number
   */
  static short toBfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40); // a NaN whose payload is in the lost bits stays NaN
    }
    return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
  }
}
