package org.samclip.eval;

/**
 * What is done with the cosines of patches and class names.
 *
 * @param temperature by which they are divided before the softmax over the classes
 * @param threshold least confidence of a point, or of a pixel that is not background, 0 to 1
 * @param points a class
 * @param logitRange greatest mask logit that a score may become
 */
public record ScoreSettings(double temperature, double threshold, int points, double logitRange) {

  /** The values of the recipe's defaults; the temperature is CLIP's own. */
  public static final ScoreSettings DEFAULT = new ScoreSettings(.01, .5, 3, 10);

  /** Checks the ranges. */
  public ScoreSettings {
    InvalidOption.check(temperature > 0, "temperature", temperature, "above 0");
    InvalidOption.check(threshold >= 0 && threshold <= 1, "threshold", threshold, "0 to 1");
    InvalidOption.check(points >= 0 && points <= 64, "points", points, "0 to 64");
    InvalidOption.check(logitRange > 0, "logit_range", logitRange, "above 0");
  }
}
