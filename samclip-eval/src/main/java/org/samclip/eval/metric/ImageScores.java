package org.samclip.eval.metric;

import java.util.Arrays;
import java.util.List;

/**
 * What one model scored on each image of a set, kept so that the metric can be computed again on
 * any choice of the images: of images drawn anew for an interval, of two models for their
 * difference. Sums are kept and not ratios, so the metric on a choice is exactly what it would have
 * been on that set.
 */
public sealed interface ImageScores permits RatioScores, ClassScores {

  /**
   * @return what the images are called, in the order of the set; models can be compared if these
   *     agree
   */
  List<String> images();

  /**
   * @return number of things measured, the n of {@link Measurement}
   */
  long count();

  /**
   * The metric on a set that holds each image a number of times.
   *
   * @param times how often each image counts, in the order of {@link #images()}
   * @return the metric; NaN if nothing is left to measure
   */
  double value(int[] times);

  /**
   * @return the metric on the set as it is; NaN if there is nothing to measure
   */
  default double value() {
    int[] once = new int[images().size()];
    Arrays.fill(once, 1);
    return value(once);
  }
}
