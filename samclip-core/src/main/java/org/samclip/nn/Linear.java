package org.samclip.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import org.samclip.kernel.Kernels;

/** {@code x W^T + b} over the last axis. */
public final class Linear extends Layer implements Module.Weighted {

  private final Parameter weight;
  private final Parameter bias;
  private final int out;

  /**
   * @param in width of the input
   * @param out width of the output
   */
  public Linear(int in, int out) {
    this.out = out;
    weight = parameter("weight", Init.truncatedNormal(Math.min(.02, Math.pow(in, -.5))), out, in);
    bias = parameter("bias", Init.ZEROS, out);
  }

  @Override
  public NDArray forward(NDArray x) {
    return Kernels.linear(x, weight.getArray(), bias.getArray());
  }

  @Override
  public NDArray[] weights() {
    return new NDArray[] {weight.getArray(), bias.getArray()};
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    Shape x = inputShapes[0];
    return new Shape[] {x.slice(0, x.dimension() - 1).add(out)};
  }
}
