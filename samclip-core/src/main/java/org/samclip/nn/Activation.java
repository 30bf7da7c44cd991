package org.samclip.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.function.UnaryOperator;

/** An element-wise function as a layer, for {@link Stack}. */
public final class Activation extends Layer {

  private final UnaryOperator<NDArray> function;

  /**
   * @param function from and to the same shape
   */
  public Activation(UnaryOperator<NDArray> function) {
    this.function = function;
  }

  @Override
  public NDArray forward(NDArray x) {
    return function.apply(x);
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return inputShapes;
  }
}
