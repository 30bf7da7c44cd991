package org.samclip.train.recipe;

/**
 * The loss terms (paper): {@code clip.weight * L_CLIP + lambda * L_SAM} with {@code L_SAM =
 * focal_weight * focal + dice_weight * dice}.
 *
 * @param clip cosine distance between student and teacher image embedding
 * @param sam focal and dice between student and teacher masks
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
   * @param focalWeight weight of the focal loss within L_SAM
   * @param diceWeight weight of the dice loss within L_SAM
   * @param focalAlpha weight of the positive pixels
   * @param focalGamma how much easy pixels are discounted
   * @param target what the student imitates
   * @param multimask which of the three multi-mask outputs get gradient
   */
  public record SamLossSpec(
      double focalWeight,
      double diceWeight,
      double focalAlpha,
      double focalGamma,
      Target target,
      Multimask multimask) {

    /** What the student's logits are held against. */
    public enum Target {
      /** The sigmoid of the teacher's logits. */
      SOFT,
      /** The teacher's mask, thresholded at logit 0. */
      HARD
    }

    /** Treatment of the three outputs for one prompt. */
    public enum Multimask {
      /** Only the output with the lowest loss learns. */
      BEST,
      /** All three learn. */
      ALL
    }

    /** Checks weights. */
    public SamLossSpec {
      Check.notNegative("focal_weight", focalWeight);
      Check.notNegative("dice_weight", diceWeight);
      Check.share("focal_alpha", focalAlpha);
      Check.notNegative("focal_gamma", focalGamma);
    }
  }
}
