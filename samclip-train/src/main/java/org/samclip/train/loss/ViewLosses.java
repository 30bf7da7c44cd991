package org.samclip.train.loss;

import ai.djl.ndarray.NDArray;
import org.samclip.kernel.TorchScript;

/**
 * What self-distillation compares: views of the same images, as shares of K prototypes (DINO, arXiv
 * 2104.14294; iBOT, arXiv 2111.07832; DINOv2, arXiv 2304.07193).
 */
public final class ViewLosses {

  /** Rounds of Sinkhorn-Knopp (DINOv2, section 4). */
  private static final int ROUNDS = 3;

  private static final TorchScript SCRIPT = TorchScript.load(ViewLosses.class, "ViewLosses");

  private ViewLosses() {}

  private static NDArray call(String method, NDArray... arguments) {
    return SCRIPT.call(arguments[0].getManager(), method, arguments);
  }

  /**
   * Batch normalisation by the batch's own statistics, without factors (arXiv 1502.03167).
   *
   * @param x [N, C], N at least 2
   * @return [N, C], columns of mean 0 and variance 1
   */
  public static NDArray batchNorm(NDArray x) {
    return call("batch_norm", x);
  }

  /**
   * The last layer of DINO's head: cosines to prototypes (DINO, appendix C: L2 norm, then a weight
   * normalised layer without bias whose lengths are 1).
   *
   * @param z [..., D]
   * @param prototypes [K, D]
   * @return [..., K], -1..1
   */
  public static NDArray prototypeLogits(NDArray z, NDArray prototypes) {
    return call("prototype_logits", z, prototypes);
  }

  /**
   * The teacher's shares: {@code exp(logits / T)}, of which in turn the columns are scaled to sums
   * of N / K and the rows to sums of 1, three times. So no prototype takes all images, and none
   * gets all alike shares (SwAV, arXiv 2006.09882, section 3.1; DINOv2, section 4, in place of
   * DINO's centring).
   *
   * @param logits [N, K]
   * @param temperature T, above 0
   * @return [N, K], rows of sum 1
   */
  public static NDArray sinkhorn(NDArray logits, double temperature) {
    return call("sinkhorn", logits, SCRIPT.scalar(temperature), SCRIPT.scalar(ROUNDS));
  }

  /**
   * DINO's loss: the mean over all pairs of a teacher's view and another view of the student of
   * {@code -sum t log softmax(s / T)} (arXiv 2104.14294, equation 3).
   *
   * @param student logits of V views, [V, B, K]
   * @param target shares of the first G of these views, [G, B, K], rows of sum 1
   * @param temperature T, above 0
   * @return scalar
   */
  public static NDArray views(NDArray student, NDArray target, double temperature) {
    return call("views", student, target, SCRIPT.scalar(temperature));
  }

  /**
   * InfoNCE between student and momentum teacher: the mean over all pairs of a teacher's view and
   * another view of the student of the cross entropy with which an image's view finds the same
   * image among the teacher's, by cosine (MoCo v3, arXiv 2104.02057, equation 1).
   *
   * @param student V views, [V, B, D]
   * @param teacher of the first G of these views, [G, B, D]
   * @param temperature T, above 0
   * @return scalar
   */
  public static NDArray contrast(NDArray student, NDArray teacher, double temperature) {
    return call("contrast", student, teacher, SCRIPT.scalar(temperature));
  }

  /**
   * iBOT's loss, for single patches: the mean of {@code -sum t log softmax(s / T)}.
   *
   * @param student logits [N, K]
   * @param target shares [N, K], rows of sum 1
   * @param temperature T, above 0
   * @return scalar
   */
  public static NDArray crossEntropy(NDArray student, NDArray target, double temperature) {
    return call("cross_entropy", student, target, SCRIPT.scalar(temperature));
  }

  /**
   * KoLeo: {@code -mean log d}, d the distance of an image's normalised features to the nearest
   * other image's; spreads a batch over the sphere (arXiv 1806.03198; DINOv2, section 4).
   *
   * @param x [B, D], B at least 2
   * @return scalar
   */
  public static NDArray koleo(NDArray x) {
    return call("koleo", x);
  }

  /**
   * @param images [N, 3, H, W], normalised
   * @param hidden 1 for patches that are hidden, else 0, [N, h, w]; h and w divide H and W
   * @return the images, with zeros (the mean colour) in the hidden patches
   */
  public static NDArray hide(NDArray images, NDArray hidden) {
    return call("hide", images, hidden);
  }

  /**
   * @param spatial a feature for every patch, [N, D, h, w]
   * @param indices of M patches, int64, counted over images, rows, columns
   * @return their features, [M, D]
   */
  public static NDArray tokens(NDArray spatial, NDArray indices) {
    return call("tokens", spatial, indices);
  }
}
