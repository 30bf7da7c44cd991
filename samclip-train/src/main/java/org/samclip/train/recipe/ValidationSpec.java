package org.samclip.train.recipe;

import com.fasterxml.jackson.annotation.JsonIgnore;

/**
 * What is looked at while a stage trains: its losses on the images that are held out of its data,
 * and the skills on the validation sets. Nothing of the test is ever seen here.
 *
 * @param every distance between two looks
 * @param images at most so many of each set; 0 means all
 * @param keep which of its models the stage ends with
 * @param metric by which models are compared: {@code loss} (the stage's weighted sum on held-out
 *     images), an objective's name with {@code _loss} behind it, or a column of the table; losses
 *     are better when lower, columns as their metric says
 * @param stopAfter the stage ends after so many looks without a better one; absent: never early
 */
public record ValidationSpec(
    Duration every, int images, Keep keep, String metric, @Optional Integer stopAfter) {

  /** Value of {@code metric}: the weighted sum of the stage's losses. */
  public static final String LOSS = "loss";

  /** Which model a stage ends with. */
  public enum Keep {
    /** The one after its last step. */
    LAST,
    /** The one that was best by the metric. */
    BEST
  }

  /** Checks distances and counts. */
  public ValidationSpec {
    Check.that(
        every.amount() > 0 && !every.isTime(),
        "every",
        every,
        "steps, epochs or %, such as '100 steps' (a time would make the result depend on the"
            + " machine)");
    Check.atLeast(0, "images", images);
    Check.notBlank("metric", metric);
    if (stopAfter != null) {
      Check.atLeast(1, "stop_after", stopAfter);
    }
  }

  /** Whether models are compared at all, and not only looked at. */
  @JsonIgnore
  public boolean chooses() {
    return keep == Keep.BEST || stopAfter != null;
  }

  /** Whether the metric is a loss, which is better when lower, and no column of the table. */
  @JsonIgnore
  public boolean isLoss() {
    return metric.equals(LOSS) || metric.endsWith("_" + LOSS);
  }
}
