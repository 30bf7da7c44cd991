package org.samclip.train.recipe;

/**
 * The loss terms (paper): {@code clip.weight * L_CLIP + lambda * L_SAM} with {@code L_SAM =
 * focal_weight * focal + dice_weight * dice + iou_weight * iou}.
 *
 * @param clip cosine distance between student and teacher image embedding
 * @param sam what the student's masks are held against, and how
 */
public record LossesSpec(ClipLossSpec clip, SamLossSpec sam) {

  /**
   * @param weight weight of L_CLIP
   */
  public record ClipLossSpec(double weight) {

    /** Checks the weight. */
    public ClipLossSpec {
      Check.notNegative("weight", weight);
    }
  }

  /**
   * The student's answers against the teacher's for the same prompts.
   *
   * @param focalWeight weight of the loss of single pixels
   * @param diceWeight weight of the loss of whole masks
   * @param focalAlpha weight of the foreground, the background's is the rest to 1; absent: both
   *     weigh 1
   * @param focalGamma how much pixels that are nearly right are discounted; 0: not at all
   * @param iouWeight weight of the squared error between both predicted IoUs
   * @param temperature by which both sides' logits are divided
   * @param target what the student imitates
   * @param multimask which of the three multi-mask outputs get gradient
   */
  public record SamLossSpec(
      double focalWeight,
      double diceWeight,
      @Optional Double focalAlpha,
      double focalGamma,
      double iouWeight,
      double temperature,
      Target target,
      Multimask multimask) {

    /** What the student's logits are held against. */
    public enum Target {
      /** The sigmoid of the teacher's logits. */
      SOFT,
      /** The teacher's mask, thresholded at logit 0: SAM's own focal and dice. */
      HARD
    }

    /** Treatment of the three outputs for one prompt. */
    public enum Multimask {
      /** Only the output with the lowest loss learns. */
      BEST,
      /** All three learn. */
      ALL
    }

    /** Checks weights, and that soft targets have their minimum at the teacher. */
    public SamLossSpec {
      Check.notNegative("focal_weight", focalWeight);
      Check.notNegative("dice_weight", diceWeight);
      Check.notNegative("iou_weight", iouWeight);
      Check.that(
          focalWeight + diceWeight + iouWeight > 0,
          "focal_weight",
          "0, as are dice_weight and iou_weight",
          "one of the three above 0, or there is nothing to learn");
      if (focalAlpha != null) {
        Check.share("focal_alpha", focalAlpha);
      }
      Check.notNegative("focal_gamma", focalGamma);
      Check.positive("temperature", temperature);
      if (target == Target.SOFT) {
        Check.that(
            focalGamma == 0 || focalGamma >= 1,
            "focal_gamma",
            focalGamma,
            "0, or at least 1, with target: soft (between them the loss has no slope of 0 at the"
                + " teacher)");
      } else {
        Check.that(
            temperature == 1,
            "temperature",
            temperature,
            "1 with target: hard, as a thresholded mask has no probabilities to soften");
      }
    }
  }
}
