package org.samclip.train.report;

import java.math.BigDecimal;
import java.math.RoundingMode;
import org.samclip.eval.metric.Measurement;

/**
 * A measurement in per cent with as many digits as its interval supports, by the rule of the
 * Particle Data Group (Review of Particle Physics, introduction, section 5.3): if the three leading
 * digits of the uncertainty are 100 to 354 it keeps two digits, if 355 to 949 one, above that it is
 * rounded up to 1000 and keeps two; the value is rounded to the same place. So 75.13 with an
 * interval of half the width 1.24 is {@code 75.1 ±1.2}, and with 4.62 {@code 75 ±5}. Half the width
 * of the 95 % interval stands for the uncertainty. Where the interval has no width, there is one
 * decimal and no {@code ±}.
 */
final class Rounded {

  /** More decimals of a per cent are never read. */
  private static final int MOST_DECIMALS = 3;

  private Rounded() {}

  /**
   * @param measurement a share or a ratio
   * @return such as {@code 75.1 ±1.2}
   */
  static String percent(Measurement measurement) {
    int decimals = decimals(measurement.half() * 100);
    String value = rounded(measurement.value() * 100, decimals);
    return isSharp(measurement, decimals)
        ? value
        : value + " ±" + rounded(measurement.half() * 100, decimals);
  }

  /**
   * @param difference of two shares or ratios
   * @return such as {@code +1.2 ±0.9}, with a sign in any case
   */
  static String signed(Measurement difference) {
    String text = percent(difference);
    return text.startsWith("-") ? text : "+" + text;
  }

  /**
   * @param uncertainty of a share or a ratio
   * @return such as {@code 1.2}
   */
  static String uncertainty(double uncertainty) {
    return rounded(uncertainty * 100, decimals(uncertainty * 100));
  }

  private static boolean isSharp(Measurement measurement, int decimals) {
    return new BigDecimal(rounded(measurement.half() * 100, decimals)).signum() == 0;
  }

  private static String rounded(double value, int decimals) {
    BigDecimal rounded = BigDecimal.valueOf(value).setScale(decimals, RoundingMode.HALF_UP);
    // Without a minus before a value that is rounded to nothing.
    return (rounded.signum() == 0 ? rounded.abs() : rounded).toPlainString();
  }

  /** Decimals that an uncertainty leaves; below 0 for tens and hundreds. */
  static int decimals(double uncertainty) {
    if (uncertainty < 1e-9) {
      return 1;
    }
    int exponent = (int) Math.floor(Math.log10(uncertainty));
    double leading = uncertainty / Math.pow(10, exponent);
    return Math.min(MOST_DECIMALS, leading < 3.545 ? 1 - exponent : -exponent);
  }
}
