package org.samclip.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import java.util.Map;
import org.samclip.kernel.Kernels;

/** LayerNorm over the last axis. */
public final class LayerNorm extends Layer implements Module.Weighted {

  private final Parameter weight;
  private final Parameter bias;
  private final double eps;

  /**
   * @param width C
   * @param eps added to the variance: 1e-6 in SAM's encoder, 1e-5 in its decoder and in CLIP
   */
  public LayerNorm(int width, double eps) {
    this.eps = eps;
    weight = parameter("weight", Init.ONES, width);
    bias = parameter("bias", Init.ZEROS, width);
  }

  @Override
  public NDArray forward(NDArray x) {
    return Kernels.layerNorm(x, weight.getArray(), bias.getArray(), eps);
  }

  @Override
  public NDArray[] weights() {
    return new NDArray[] {weight.getArray(), bias.getArray()};
  }

  @Override
  public Map<String, Object> constants() {
    return Map.of("eps", eps);
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return inputShapes;
  }
}
