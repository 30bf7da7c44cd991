package org.samclip.eval.metric;

/**
 * A metric and how sure it is.
 *
 * @param value of the metric; a share is from 0 to 1, a ratio may exceed 1, a difference may be
 *     negative
 * @param n number of things measured: prompts for masks, images for everything else
 * @param low lower end of the 95 % interval, see {@link Bootstrap}
 * @param high its upper end
 */
public record Measurement(double value, long n, double low, double high) {

  /** Refuses what is no interval of finite numbers. */
  public Measurement {
    if (!Double.isFinite(value) || !Double.isFinite(low) || !Double.isFinite(high) || low > high) {
      throw new IllegalArgumentException(value + " with the interval " + low + " to " + high);
    }
    if (n < 1) {
      throw new IllegalArgumentException("a measurement of " + n + " things");
    }
  }

  /**
   * @return half the width of the interval, for {@code value ± half}
   */
  public double half() {
    return (high - low) / 2;
  }

  /**
   * @return whether the interval of a difference lies on one side of 0
   */
  public boolean excludesZero() {
    return low > 0 || high < 0;
  }
}
