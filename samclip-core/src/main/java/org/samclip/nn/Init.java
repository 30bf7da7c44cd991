package org.samclip.nn;

import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * How a parameter starts. The values depend on the seed and the parameter's full name alone, so
 * that adding a parameter never changes another.
 */
@FunctionalInterface
public interface Init {

  /** All zeros. */
  Init ZEROS = (shape, seed) -> new float[size(shape)];

  /** All ones. */
  Init ONES = (shape, seed) -> filled(size(shape), 1);

  /**
   * @param shape the parameter's axes
   * @param seed of this parameter
   * @return the values, row-major
   */
  float[] values(long[] shape, long seed);

  /**
   * @param std standard deviation
   * @return a normal distribution cut at two standard deviations
   */
  static Init truncatedNormal(double std) {
    return (shape, seed) -> {
      SplittableRandom random = new SplittableRandom(seed);
      float[] values = new float[size(shape)];
      for (int i = 0; i < values.length; i++) {
        double z = random.nextGaussian();
        while (Math.abs(z) > 2) {
          z = random.nextGaussian();
        }
        values[i] = (float) (std * z);
      }
      return values;
    };
  }

  /**
   * @param std standard deviation
   * @return a normal distribution
   */
  static Init normal(double std) {
    return (shape, seed) -> {
      SplittableRandom random = new SplittableRandom(seed);
      float[] values = new float[size(shape)];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) (std * random.nextGaussian());
      }
      return values;
    };
  }

  /**
   * @param value of every element
   * @return a constant
   */
  static Init constant(double value) {
    return (shape, seed) -> filled(size(shape), (float) value);
  }

  private static float[] filled(int size, float value) {
    float[] values = new float[size];
    Arrays.fill(values, value);
    return values;
  }

  private static int size(long[] shape) {
    long size = 1;
    for (long side : shape) {
      size = Math.multiplyExact(size, side);
    }
    return Math.toIntExact(size);
  }
}
