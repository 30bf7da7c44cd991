package org.samclip.train.store;

/**
 * The best look at a stage's models so far.
 *
 * @param step after which it was taken
 * @param value of the stage's validation metric
 * @param since looks taken after it
 */
public record Best(long step, double value, int since) {

  /**
   * @param before the best so far, or null before the first look
   * @param step after which a model was looked at
   * @param value of the metric
   * @param lowerIsBetter which values are better
   * @return the best, this one included; the earlier one where both are equal
   */
  public static Best of(Best before, long step, double value, boolean lowerIsBetter) {
    boolean better =
        before == null || (lowerIsBetter ? value < before.value() : value > before.value());
    return better
        ? new Best(step, value, 0)
        : new Best(before.step(), before.value(), before.since() + 1);
  }
}
