package org.samclip.eval.segment;

import org.samclip.eval.InvalidOption;

/**
 * How masks are proposed before they get names: each point is a prompt of its own, gives three
 * masks, and what the SAM head is not sure of is left out, as in segment-anything's automatic mask
 * generator.
 *
 * @param proposals where the points come from
 * @param grid n of a grid of n x n points
 * @param predictedIou least IoU that the SAM head predicts of a mask
 * @param stability least stability of a mask: the IoU of the mask at logit 1 and at logit -1
 * @param overlap IoU of two masks' boxes above which only the one of the higher predicted IoU stays
 */
public record ProposalSettings(
    Points proposals, int grid, double predictedIou, double stability, double overlap) {

  /** Where the points come from. */
  public enum Points {
    /** The surest tokens of each class that the CLIP head finds. */
    SCORES,
    /** A regular grid over the image. */
    GRID
  }

  /** The values of the recipe's defaults. */
  public static final ProposalSettings DEFAULT =
      new ProposalSettings(Points.SCORES, 32, .88, .95, .7);

  /** Largest side of a grid. */
  public static final int MOST_POINTS = 256;

  /** Checks the ranges. */
  public ProposalSettings {
    InvalidOption.check(grid >= 1 && grid <= MOST_POINTS, "grid", grid, "1 to " + MOST_POINTS);
    checkShare("predicted_iou", predictedIou);
    checkShare("stability", stability);
    checkShare("overlap", overlap);
  }

  private static void checkShare(String key, double found) {
    InvalidOption.check(found >= 0 && found <= 1, key, found, "0 to 1");
  }
}
