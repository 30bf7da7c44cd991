package org.samclip.train.recipe;

import com.fasterxml.jackson.annotation.JsonCreator;

/**
 * One term of a loss: a weight alone, or a weight with the term's own numbers.
 *
 * @param weight of the term in its objective's loss
 * @param beta of {@code smooth_l1}: where it goes over into a line; absent: 1
 * @param gamma of {@code focal}: how much pixels that are nearly right are discounted; absent: 0
 * @param alpha of {@code focal}: weight of the foreground, the background's is the rest to 1;
 *     absent: both weigh 1
 * @param dispersion of {@code angle}: mean squared angle of the teacher's outputs to their mean
 *     direction, radians squared; absent: 1
 * @param scale of {@code similarity}: of the cosines before the softmax; absent: 100
 */
public record TermSpec(
    double weight,
    @Optional Double beta,
    @Optional Double gamma,
    @Optional Double alpha,
    @Optional Double dispersion,
    @Optional Double scale) {

  /** Checks ranges. */
  public TermSpec {
    Check.notNegative("weight", weight);
    positive("beta", beta);
    if (gamma != null) {
      Check.notNegative("gamma", gamma);
    }
    if (alpha != null) {
      Check.share("alpha", alpha);
    }
    positive("dispersion", dispersion);
    positive("scale", scale);
  }

  /** Checks that it has no numbers of other terms. */
  void check(String term) {
    only(term, "smooth_l1", "beta", beta);
    only(term, "focal", "gamma", gamma);
    only(term, "focal", "alpha", alpha);
    only(term, "angle", "dispersion", dispersion);
    only(term, "similarity", "scale", scale);
  }

  private static void only(String term, String owner, String key, Double value) {
    Check.that(
        value == null || term.equals(owner),
        "loss." + term + "." + key,
        value,
        "nothing, as it is a number of the term " + owner);
  }

  private static void positive(String key, Double value) {
    if (value != null) {
      Check.positive(key, value);
    }
  }

  /**
   * @param weight of a term without numbers of its own
   * @return the term
   */
  @JsonCreator
  public static TermSpec of(double weight) {
    return new TermSpec(weight, null, null, null, null, null);
  }

  /**
   * @param value a number that may be absent
   * @param standard what it is then
   * @return the number
   */
  public static double or(Double value, double standard) {
    return value == null ? standard : value;
  }
}
