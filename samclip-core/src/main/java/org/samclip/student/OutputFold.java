package org.samclip.student;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.samclip.checkpoint.ParameterLoader;
import org.samclip.nn.Linear;

/** An affine map behind linear layers, folded into their weights in float64. */
final class OutputFold {

  private OutputFold() {}

  /**
   * Changes what the layers give, together, from y to {@code A y + c}.
   *
   * @param layers whose results are the output, or are added up to it, each D wide
   * @param matrix A, [D, D], of any float type
   * @param offset c, [D], of any float type
   * @throws IllegalArgumentException if the shapes are others
   */
  static void into(List<Linear> layers, NDArray matrix, NDArray offset) {
    long width = layers.get(0).weights()[1].getShape().get(0);
    if (!matrix.getShape().equals(new Shape(width, width))
        || !offset.getShape().equals(new Shape(width))) {
      throw new IllegalArgumentException(
          "a map of %s and %s is put behind %d channels; needed: [D, D] and [D]"
              .formatted(matrix.getShape(), offset.getShape(), width));
    }
    boolean first = true; // of layers that are added up, one takes the offset
    for (Linear layer : layers) {
      NDArray[] weights = layer.weights();
      try (NDManager step = weights[0].getManager().newSubManager()) {
        NDArray a = double64(matrix, step);
        NDArray bias = a.matMul(double64(weights[1], step).reshape(width, 1));
        NDArray moved = bias.reshape(width);
        ParameterLoader.copyInPlace(a.matMul(double64(weights[0], step)), weights[0]);
        ParameterLoader.copyInPlace(first ? moved.add(double64(offset, step)) : moved, weights[1]);
      }
      first = false;
    }
  }

  private static NDArray double64(NDArray array, NDManager step) {
    NDArray own = array.stopGradient();
    own.attach(step);
    return own.toType(DataType.FLOAT64, true);
  }
}
