package org.samclip.train.loss;

import ai.djl.ndarray.NDArray;
import org.samclip.train.recipe.LossesSpec.SamLossSpec;

/**
 * {@code focalWeight * focal + diceWeight * dice} of each mask (paper: 20 and 1).
 *
 * @param focalWeight factor of the focal loss
 * @param diceWeight factor of the dice loss
 * @param alpha of the focal loss
 * @param gamma of the focal loss
 */
public record MaskLoss(double focalWeight, double diceWeight, double alpha, double gamma) {

  /** The paper's weights with the focal loss's usual shape. */
  public static final MaskLoss STANDARD = new MaskLoss(20, 1, .25, 2);

  /**
   * @param spec of the recipe
   * @return the loss that the recipe asks for
   */
  public static MaskLoss of(SamLossSpec spec) {
    return new MaskLoss(
        spec.focalWeight(), spec.diceWeight(), spec.focalAlpha(), spec.focalGamma());
  }

  /**
   * @param logits [..., H, W]
   * @param target [..., H, W], 0..1
   * @return one value a mask, [...]
   */
  public NDArray each(NDArray logits, NDArray target) {
    return Losses.focal(logits, target, alpha, gamma)
        .mul(focalWeight)
        .add(Losses.dice(logits, target).mul(diceWeight));
  }

  /**
   * Of several masks for one prompt only the best gets gradient.
   *
   * @param each [..., M], one loss for each of a prompt's masks
   * @return [...], the smallest
   */
  public static NDArray best(NDArray each) {
    return each.min(new int[] {each.getShape().dimension() - 1});
  }
}
