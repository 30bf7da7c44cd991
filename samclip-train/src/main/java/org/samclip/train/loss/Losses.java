package org.samclip.train.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import org.samclip.kernel.TorchScript;

/** The formulas, each a differentiable kernel. */
public final class Losses {

  /** In place of alpha: foreground and background weigh the same. */
  public static final double NO_ALPHA = -1;

  private static final TorchScript SCRIPT = TorchScript.load(Losses.class, "Losses");

  private Losses() {}

  private static NDArray call(String method, NDArray first, NDArray... rest) {
    NDArray[] all = new NDArray[rest.length + 1];
    all[0] = first;
    System.arraycopy(rest, 0, all, 1, rest.length);
    return SCRIPT.call(first.getManager(), method, all);
  }

  /**
   * SAM's sigmoid focal loss against a mask, {@code mean(alpha_t (1 - p_t)^gamma BCE)} over the
   * pixels of each mask (Lin et al. 2017). Against anything but zeros and ones it is not smallest
   * at the target; see {@link #qualityFocal}.
   *
   * @param logits [..., H, W]
   * @param target [..., H, W], 0..1
   * @param alpha weight of the foreground in 0..1; {@link #NO_ALPHA}: no weighting
   * @param gamma 0 gives plain cross entropy
   * @return one value a mask, [...]
   */
  public static NDArray focal(NDArray logits, NDArray target, double alpha, double gamma) {
    return call("focal", logits, target, SCRIPT.scalar(alpha), SCRIPT.scalar(gamma));
  }

  /**
   * SAM's dice loss against a mask, {@code 1 - (2 sum(p t) + 1) / (sum(p) + sum(t) + 1)}. Against
   * anything but zeros and ones it is not smallest at the target; see {@link #squaredDice}.
   *
   * @param logits [..., H, W]
   * @param target [..., H, W], 0..1
   * @return one value a mask, [...]
   */
  public static NDArray dice(NDArray logits, NDArray target) {
    return call("dice", logits, target);
  }

  /**
   * Cross entropy with the teacher's probabilities, {@code T^2 mean(alpha_t |p - t|^gamma BCE(p,
   * t))} with {@code p = sigmoid(student / T)}, {@code t = sigmoid(teacher / T)} and {@code alpha_t
   * = alpha t + (1 - alpha)(1 - t)}: the quality focal loss (Li et al. 2020). For gamma 0 less the
   * target's own entropy. The value is 0, and so is the gradient, where the logits are equal.
   *
   * @param student logits [..., H, W]
   * @param teacher logits [..., H, W]
   * @param alpha weight of the teacher's foreground in 0..1; {@link #NO_ALPHA}: no weighting
   * @param gamma 0, or at least 1: between them the slope at the teacher is infinite
   * @param temperature T, above 0
   * @return one value a mask, [...]
   */
  public static NDArray qualityFocal(
      NDArray student, NDArray teacher, double alpha, double gamma, double temperature) {
    return call(
        "quality_focal",
        student,
        teacher,
        SCRIPT.scalar(alpha),
        SCRIPT.scalar(gamma),
        SCRIPT.scalar(temperature));
  }

  /**
   * Dice in its squared form, {@code T^2 (1 - (2 sum(p t) + 1) / (sum(p^2) + sum(t^2) + 1))}, with
   * p and t as in {@link #qualityFocal}. The value is 0, and so is the gradient, where the logits
   * are equal.
   *
   * @param student logits [..., H, W]
   * @param teacher logits [..., H, W]
   * @param temperature T, above 0
   * @return one value a mask, [...]
   */
  public static NDArray squaredDice(NDArray student, NDArray teacher, double temperature) {
    return call("squared_dice", student, teacher, SCRIPT.scalar(temperature));
  }

  /**
   * The CLIP loss of the paper: {@code mean(1 - cos(student, teacher))}.
   *
   * @param student [..., D]
   * @param teacher [..., D]
   * @return scalar
   */
  public static NDArray cosine(NDArray student, NDArray teacher) {
    return call("cosine", student, teacher);
  }

  /**
   * CLIP's own loss, for training a teacher: the mean of two cross entropies whose targets are the
   * diagonal (open_clip, loss.py {@code ClipLoss}).
   *
   * @param logits [B, B], images by texts
   * @return scalar
   */
  public static NDArray contrastive(NDArray logits) {
    NDArray target =
        logits.getManager().arange(logits.getShape().get(0)).toType(DataType.INT64, false);
    NDArray images = call("cross_entropy", logits, target);
    NDArray texts = call("cross_entropy", logits.transpose(), target);
    return scaled(images.add(texts), .5f);
  }

  /**
   * A loss times a number. DJL's {@code mul(Number)} gives the number's memory back at once, though
   * autograd reads it in the backward pass; here it lives as long as the array's manager or scope.
   *
   * @param x any shape
   * @param factor a constant
   * @return {@code factor * x}, same shape
   */
  public static NDArray scaled(NDArray x, float factor) {
    return x.mul(x.getManager().create(factor));
  }

  /**
   * @param predicted any shape
   * @param target the same shape
   * @return the mean squared error, scalar
   */
  public static NDArray meanSquared(NDArray predicted, NDArray target) {
    return call("mean_squared", predicted, target);
  }
}
