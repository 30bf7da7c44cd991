package org.samclip.eval.protocol;

import java.util.regex.Pattern;

/**
 * A number that a protocol gives.
 *
 * @param id small letters, digits and underscores; unique among the protocols, such as {@code
 *     point_miou}
 * @param better which values are better
 * @param least lowest value
 * @param most highest value; may be infinite
 * @param shown where
 */
public record Metric(String id, Better better, double least, double most, Shown shown) {

  private static final Pattern ID = Pattern.compile("[a-z][a-z0-9_]{0,63}");

  /** Which values are better. */
  public enum Better {
    /** Those above. */
    HIGHER,
    /** Those below, as of an error. */
    LOWER,
    /** Neither: 1, say, where it tells a ratio. */
    NEITHER
  }

  /** Where a metric is shown. */
  public enum Shown {
    /** Everywhere, also in tables that have to fit a terminal. */
    MAIN,
    /** In a run's {@code results.json} and tables without that limit. */
    TABLE,
    /** Only where one model is measured by one protocol. */
    DETAIL
  }

  /** Checks the id and the range. */
  public Metric {
    if (!ID.matcher(id).matches()) {
      throw new IllegalArgumentException("a metric is called '" + id + "'");
    }
    if (!(least < most)) {
      throw new IllegalArgumentException(id + " ranges from " + least + " to " + most);
    }
  }

  /**
   * @param id of a metric from 0 to 1, the higher the better
   * @param shown where
   * @return the metric
   */
  public static Metric share(String id, Shown shown) {
    return new Metric(id, Better.HIGHER, 0, 1, shown);
  }
}
