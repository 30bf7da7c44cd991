package org.samclip.sam;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import org.samclip.kernel.Kernels;
import org.samclip.nn.Init;
import org.samclip.nn.Layer;

/**
 * Positions as random Fourier features (segment-anything, prompt_encoder.py {@code
 * PositionEmbeddingRandom}). The matrix is a buffer of the checkpoint and is never trained.
 */
public final class FourierPositions extends Layer {

  private final Parameter gaussian;
  private final int dim;

  /**
   * @param dim C
   */
  public FourierPositions(int dim) {
    this.dim = dim;
    gaussian = parameter("positional_encoding_gaussian_matrix", Init.normal(1), 2, dim / 2);
  }

  /**
   * @param xy [..., 2] in 0..1
   * @return [..., C]
   */
  @Override
  public NDArray forward(NDArray xy) {
    return Kernels.fourier(xy, gaussian.getArray());
  }

  /**
   * @return [2, C / 2]
   */
  NDArray gaussian() {
    return gaussian.getArray();
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    Shape x = inputShapes[0];
    return new Shape[] {x.slice(0, x.dimension() - 1).add(dim)};
  }
}
