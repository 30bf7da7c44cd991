package org.samclip.train.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import org.samclip.kernel.TorchScript;

/** The formulas, each a differentiable kernel. */
public final class Losses {

  private static final TorchScript SCRIPT = TorchScript.load(Losses.class, "Losses");

  private Losses() {}

  private static NDArray call(String method, NDArray first, NDArray... rest) {
    NDArray[] all = new NDArray[rest.length + 1];
    all[0] = first;
    System.arraycopy(rest, 0, all, 1, rest.length);
    return SCRIPT.call(first.getManager(), method, all);
  }

  /**
   * Sigmoid focal loss, {@code mean(alpha_t (1 - p_t)^gamma BCE)} over the pixels of each mask; the
   * formula is used as it is for soft targets (Lin et al. 2017; SAM's training).
   *
   * @param logits [..., H, W]
   * @param target [..., H, W], 0..1
   * @param alpha weight of the foreground in 0..1; negative: no weighting
   * @param gamma 0 gives plain cross entropy
   * @return one value a mask, [...]
   */
  public static NDArray focal(NDArray logits, NDArray target, double alpha, double gamma) {
    return call("focal", logits, target, SCRIPT.scalar(alpha), SCRIPT.scalar(gamma));
  }

  /**
   * {@code 1 - (2 sum(p t) + 1) / (sum(p) + sum(t) + 1)} of each mask.
   *
   * @param logits [..., H, W]
   * @param target [..., H, W], 0..1
   * @return one value a mask, [...]
   */
  public static NDArray dice(NDArray logits, NDArray target) {
    return call("dice", logits, target);
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
    return images.add(texts).mul(.5f); // a double would make a scalar float64
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
