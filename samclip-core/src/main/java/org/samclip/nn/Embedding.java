package org.samclip.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import org.samclip.kernel.Kernels;

/** A table of vectors. */
public final class Embedding extends Layer implements Module.Weighted {

  private final Parameter weight;
  private final int width;

  /**
   * @param count number of vectors
   * @param width their length
   * @param std standard deviation of the starting values
   */
  public Embedding(int count, int width, double std) {
    this.width = width;
    weight = parameter("weight", Init.normal(std), count, width);
  }

  @Override
  public NDArray forward(NDArray ids) {
    return Kernels.embedding(weight.getArray(), ids);
  }

  /**
   * @return the whole table, [count, width]
   */
  public NDArray table() {
    return weight.getArray();
  }

  @Override
  public NDArray[] weights() {
    return new NDArray[] {weight.getArray()};
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return new Shape[] {inputShapes[0].add(width)};
  }
}
