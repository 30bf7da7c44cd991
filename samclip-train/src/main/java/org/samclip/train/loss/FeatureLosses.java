package org.samclip.train.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import org.samclip.kernel.TorchScript;

/**
 * How far a student's features are from a teacher's: terms for summaries {@code [B, D]} and for
 * patches {@code [B, N, D]}. Each is 0, with gradient 0, where both are equal, and nowhere below.
 */
public final class FeatureLosses {

  private static final TorchScript SCRIPT = TorchScript.load(FeatureLosses.class, "FeatureLosses");

  private FeatureLosses() {}

  private static NDArray call(String method, NDArray... arguments) {
    return SCRIPT.call(arguments[0].getManager(), method, arguments);
  }

  /**
   * Mean squared error.
   *
   * @param student [...]
   * @param teacher [...], the same shape
   * @return scalar
   */
  public static NDArray mse(NDArray student, NDArray teacher) {
    return call("mse", student, teacher);
  }

  /**
   * Mean absolute error.
   *
   * @param student [...]
   * @param teacher [...], the same shape
   * @return scalar
   */
  public static NDArray l1(NDArray student, NDArray teacher) {
    return call("l1", student, teacher);
  }

  /**
   * Smooth L1 (Girshick 2015): {@code x^2 / (2 beta)} below beta, {@code |x| - beta / 2} from
   * there.
   *
   * @param student [...]
   * @param teacher [...], the same shape
   * @param beta above 0; 1 in UNIC, 2 in TAO
   * @return scalar, the mean
   */
  public static NDArray smoothL1(NDArray student, NDArray teacher, double beta) {
    return call("smooth_l1", student, teacher, SCRIPT.scalar(beta));
  }

  /**
   * The squared angle between student and teacher over the dispersion of the teacher's own
   * directions, so that teachers whose outputs all point one way weigh as much as others
   * (C-RADIOv4, arXiv 2601.17237).
   *
   * @param student [..., D]
   * @param teacher [..., D]
   * @param dispersion mean squared angle of the teacher's outputs to their mean direction, radians
   *     squared, above 0; see {@link #squaredAngle}
   * @return scalar
   */
  public static NDArray angle(NDArray student, NDArray teacher, double dispersion) {
    return call("angle", student, teacher, SCRIPT.scalar(dispersion));
  }

  /**
   * @param a [..., D]
   * @param b [..., D]
   * @return squared angles in radians squared, [...]
   */
  public static NDArray squaredAngle(NDArray a, NDArray b) {
    return call("squared_angle", a, b);
  }

  /**
   * Relational distillation (Park et al. 2019): smooth L1 between the distances of all pairs of a
   * batch, each divided by the batch's mean distance. Widths may differ.
   *
   * @param student [B, D], B at least 2
   * @param teacher [B, E]
   * @return scalar
   */
  public static NDArray relational(NDArray student, NDArray teacher) {
    return call("relational", student, teacher);
  }

  /**
   * The same, of which a pair counts only where the student blurs what the teacher says: pairs
   * nearer than the teacher's median must not lie further apart, the others not nearer (ARKD,
   * SigLino, arXiv 2512.20157).
   *
   * @param student [B, D], B at least 2
   * @param teacher [B, E]
   * @return scalar
   */
  public static NDArray asymmetricRelational(NDArray student, NDArray teacher) {
    return call("asymmetric_relational", student, teacher);
  }

  /**
   * Mean squared error between the cosines of all pairs of an image's patches (DINOv3, gram loss).
   * Widths may differ.
   *
   * @param student [B, N, D]
   * @param teacher [B, N, E]
   * @return scalar
   */
  public static NDArray gram(NDArray student, NDArray teacher) {
    return call("gram", student, teacher);
  }

  /**
   * What image-text models are asked for: the divergence {@code sum p log(p / q)} of the shares q
   * that the student gives a bank of texts from the teacher's p (TinyCLIP, MobileCLIP2: cross
   * entropy, here less the teacher's own entropy).
   *
   * @param student [B, D] in the teacher's space
   * @param teacher [B, D]
   * @param bank embeddings of K texts, [K, D], of L2 norm 1
   * @param scale of the cosines before the softmax, above 0, such as 100
   * @return scalar, the mean over the batch
   */
  public static NDArray similarities(NDArray student, NDArray teacher, NDArray bank, double scale) {
    return call("similarities", student, teacher, bank, SCRIPT.scalar(scale));
  }

  /**
   * The rotation of PHI-S, see {@link Standardisation#PHI_S}.
   *
   * @param covariance [D, D], float64
   * @param hadamard [D, D], float64, orthogonal
   * @return the matrix and its inverse, [D, D] float64
   */
  static NDList phiS(NDArray covariance, NDArray hadamard) {
    return SCRIPT.callForList(covariance.getManager(), "phi_s", covariance, hadamard);
  }
}
