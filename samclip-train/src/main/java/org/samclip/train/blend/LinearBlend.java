package org.samclip.train.blend;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import java.util.List;

/**
 * {@code linear}: the weighted sum. Two models with weights 1 - a and a are Wise-FT (arXiv
 * 2109.01903), several with equal weights that add up to 1 a uniform soup (arXiv 2203.05482).
 */
public final class LinearBlend implements BlendMethod {

  @Override
  public String name() {
    return "linear";
  }

  @Override
  public NDArray blend(String tensor, List<NDArray> models, double[] weights) {
    // In float64, so that what all models have in common stays as it is: .3 x + .7 x is x again.
    NDArray sum = models.get(0).toType(DataType.FLOAT64, true).muli(weights[0]);
    for (int i = 1; i < models.size(); i++) {
      try (NDArray part = models.get(i).toType(DataType.FLOAT64, true).muli(weights[i])) {
        sum.addi(part);
      }
    }
    try (sum) {
      return sum.toType(DataType.FLOAT32, true);
    }
  }
}
