package org.samclip.train.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import org.samclip.UserError;
import org.samclip.kernel.Autograd;

/**
 * How a teacher's features become targets of one scale: teachers differ by orders of magnitude, and
 * a sum of losses hears the loudest only.
 */
public enum Standardisation {
  /** Every channel with mean 0 and variance 1 (UNIC, DUNE, Theia). */
  CHANNEL,
  /**
   * Rotated so that every channel has the same variance, then one scale for all (PHI-S, arXiv
   * 2410.01680): {@code alpha H V^T (x - mean)} with the eigenvectors V of the covariance, a
   * Hadamard matrix H and {@code alpha = 1 / sqrt(mean eigenvalue)}. Unlike a scale for each
   * channel it keeps all angles and ratios of distances between deviations.
   */
  PHI_S;

  /** Least standard deviation of a channel (DUNE). */
  private static final double LEAST = 1e-3;

  /**
   * @param width of the teacher's output
   * @return whether there is a map of this width
   */
  public boolean fits(int width) {
    return this != PHI_S || Hadamard.exists(width);
  }

  /**
   * @param width of the teacher's output
   * @return rows that must be seen at least: below that the covariance has directions without any
   *     variance
   */
  public long leastRows(int width) {
    return this == PHI_S ? width + 1L : 2;
  }

  /**
   * @param seen statistics of the teacher's outputs
   * @param target on the device of the statistics, owns the result
   * @return the map from outputs to targets
   * @throws UserError if there are too few rows for it, or no Hadamard matrix of this width
   */
  public AffineMap map(RunningCovariance seen, NDManager target) {
    int width = seen.width();
    long needed = leastRows(width);
    if (seen.count() < needed) {
      throw new UserError(
          "standardisation: "
              + seen.count()
              + " rows of the teacher's output were seen; needed are at least "
              + needed
              + " for a width of "
              + width);
    }
    try (Autograd off = Autograd.disabled();
        NDManager step = target.newSubManager()) {
      NDArray covariance = seen.covariance(step);
      NDList both =
          switch (this) {
            case CHANNEL -> channels(covariance, step);
            case PHI_S -> FeatureLosses.phiS(covariance, hadamard(width, step));
          };
      both.attach(target);
      NDArray mean = seen.mean().duplicate();
      mean.attach(target);
      return new AffineMap(mean, both.get(0), both.get(1));
    }
  }

  private static NDList channels(NDArray covariance, NDManager step) {
    int width = (int) covariance.getShape().get(0);
    NDArray one = step.eye(width, width, 0, DataType.FLOAT64);
    NDArray deviation = covariance.mul(one).sum(new int[] {0}).sqrt().maximum(LEAST);
    return new NDList(one.div(deviation), one.mul(deviation));
  }

  private static NDArray hadamard(int width, NDManager step) {
    double[][] rows = Hadamard.orthogonal(width);
    double[] flat = new double[width * width];
    for (int i = 0; i < width; i++) {
      System.arraycopy(rows[i], 0, flat, i * width, width);
    }
    return step.create(flat, new Shape(width, width));
  }
}
