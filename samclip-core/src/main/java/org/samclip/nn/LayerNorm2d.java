package org.samclip.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import java.util.Map;
import org.samclip.kernel.Kernels;

/** LayerNorm over the channels of [B, C, H, W] (segment-anything, common.py). */
public final class LayerNorm2d extends Layer {

  /** Of the reference code. */
  private static final double EPS = 1e-6;

  private final Parameter weight;
  private final Parameter bias;

  /**
   * @param channels C
   */
  public LayerNorm2d(int channels) {
    weight = parameter("weight", Init.ONES, channels);
    bias = parameter("bias", Init.ZEROS, channels);
  }

  @Override
  public NDArray forward(NDArray x) {
    return Kernels.layerNorm2d(x, weight.getArray(), bias.getArray(), EPS);
  }

  @Override
  public Map<String, Object> constants() {
    return Map.of("eps", EPS);
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return inputShapes;
  }
}
