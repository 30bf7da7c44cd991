package org.samclip.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import java.util.Map;
import org.samclip.kernel.Kernels;

/** Transposed convolution of [B, in, H, W] whose stride is its kernel's side: plain up-sampling. */
public final class ConvTranspose2d extends Layer {

  private final Parameter weight;
  private final Parameter bias;
  private final int out;
  private final int factor;

  /**
   * @param in channels of the input
   * @param out channels of the output
   * @param factor kernel side and stride
   */
  public ConvTranspose2d(int in, int out, int factor) {
    this.out = out;
    this.factor = factor;
    weight = parameter("weight", Init.truncatedNormal(Math.pow(in, -.5)), in, out, factor, factor);
    bias = parameter("bias", Init.ZEROS, out);
  }

  @Override
  public NDArray forward(NDArray x) {
    return Kernels.convTranspose2d(x, weight.getArray(), bias.getArray(), factor);
  }

  @Override
  public Map<String, Object> constants() {
    return Map.of("stride", factor);
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    Shape x = inputShapes[0];
    return new Shape[] {new Shape(x.get(0), out, x.get(2) * factor, x.get(3) * factor)};
  }
}
