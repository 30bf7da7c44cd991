package org.samclip.train.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;

/**
 * From a teacher's features to standardised targets, {@code y = M (x - mean)}, and back.
 *
 * @param mean [D], float64
 * @param matrix M, [D, D], float64
 * @param inverse of M, [D, D], float64
 */
public record AffineMap(NDArray mean, NDArray matrix, NDArray inverse) {

  /**
   * A linear layer {@code y = W h + b}.
   *
   * @param weight W, [D, K], float32
   * @param bias b, [D], float32
   */
  public record LinearLayer(NDArray weight, NDArray bias) {}

  /**
   * @param features [..., D], of any type
   * @return [..., D], float32, belonging to the manager of the features
   */
  public NDArray apply(NDArray features) {
    try (NDManager step = features.getManager().newSubManager()) {
      NDArray own = features.duplicate();
      own.attach(step);
      NDArray centred = own.toType(DataType.FLOAT64, false).sub(mean);
      NDArray mapped = centred.matMul(matrix.transpose()).toType(DataType.FLOAT32, false);
      mapped.attach(features.getManager());
      return mapped;
    }
  }

  /**
   * A student's head learns to give targets; with this in the place of its last layer it gives the
   * teacher's own features.
   *
   * @param layer the head's last layer, whose outputs are targets
   * @param target owns the result
   * @return {@code x = M^-1 (W h + b) + mean} as one layer
   */
  public LinearLayer undone(LinearLayer layer, NDManager target) {
    try (NDManager step = target.newSubManager()) {
      NDArray back = inverse.duplicate();
      back.attach(step);
      NDArray weight = back.matMul(layer.weight().toType(DataType.FLOAT64, true));
      long width = mean.getShape().get(0);
      NDArray bias = layer.bias().toType(DataType.FLOAT64, true).reshape(width, 1);
      NDArray moved = back.matMul(bias).reshape(width).add(mean);
      NDArray newWeight = weight.toType(DataType.FLOAT32, false);
      NDArray newBias = moved.toType(DataType.FLOAT32, false);
      newWeight.attach(target);
      newBias.attach(target);
      return new LinearLayer(newWeight, newBias);
    }
  }
}
