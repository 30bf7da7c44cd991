package org.samclip.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import java.util.Map;
import java.util.Optional;
import org.samclip.kernel.Kernels;

/** Convolution of [B, in, H, W] with a square kernel. */
public final class Conv2d extends Layer {

  private final Parameter weight;
  private final Parameter bias;
  private final int out;
  private final int kernel;
  private final int stride;
  private final int padding;

  /**
   * @param in channels of the input
   * @param out channels of the output
   * @param kernel side in pixels
   * @param stride in pixels
   * @param padding zeros on each side, in pixels
   * @param withBias whether there is a bias
   */
  public Conv2d(int in, int out, int kernel, int stride, int padding, boolean withBias) {
    this.out = out;
    this.kernel = kernel;
    this.stride = stride;
    this.padding = padding;
    double std = Math.pow((double) in * kernel * kernel, -.5);
    weight = parameter("weight", Init.truncatedNormal(std), out, in, kernel, kernel);
    bias = withBias ? parameter("bias", Init.ZEROS, out) : null;
  }

  @Override
  public NDArray forward(NDArray x) {
    NDArray b = bias == null ? null : bias.getArray();
    return Kernels.conv2d(x, weight.getArray(), b, stride, padding);
  }

  @Override
  public Map<String, Object> constants() {
    return bias == null
        ? Map.of("stride", stride, "padding", padding, "bias", Optional.empty())
        : Map.of("stride", stride, "padding", padding);
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    Shape x = inputShapes[0];
    long h = (x.get(2) + 2L * padding - kernel) / stride + 1;
    long w = (x.get(3) + 2L * padding - kernel) / stride + 1;
    return new Shape[] {new Shape(x.get(0), out, h, w)};
  }
}
