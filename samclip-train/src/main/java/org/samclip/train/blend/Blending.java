package org.samclip.train.blend;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.samclip.checkpoint.ParameterLoader;
import org.samclip.kernel.Autograd;

/**
 * Blends whole models tensor by tensor, so that it takes the memory of one model and of a few
 * tensors, however many models there are.
 *
 * @param method makes one tensor of several
 * @param blended accepts the names of the tensors to blend
 * @param rest number of the model from which all other tensors are, from 0
 */
public record Blending(BlendMethod method, Predicate<String> blended, int rest) {

  /**
   * One of the models.
   *
   * @param values gives a new array of a tensor's values, float32, that the manager owns
   * @param weight of the model
   */
  public record Part(Values values, double weight) {}

  /** Where a model's tensors are. */
  @FunctionalInterface
  public interface Values {

    /**
     * @param name of a tensor
     * @param manager owns the array
     * @return its values
     */
    NDArray read(String name, NDManager manager);
  }

  /**
   * @param arrays of a model in memory, by name
   * @return what they hold at the time when they are read
   */
  public static Values held(Map<String, NDArray> arrays) {
    return (name, manager) -> {
      NDArray copy = arrays.get(name).stopGradient().duplicate();
      copy.attach(manager);
      return copy;
    };
  }

  /**
   * @param target arrays to change, by name. One of the parts may read from them: each tensor is
   *     read before it is written
   * @param parts the models, all with tensors of these names and shapes
   */
  public void into(Map<String, NDArray> target, List<Part> parts) {
    double[] weights = parts.stream().mapToDouble(Part::weight).toArray();
    try (Autograd off = Autograd.disabled()) {
      target.forEach(
          (name, array) -> {
            try (NDManager own = array.getManager().newSubManager(array.getDevice())) {
              ParameterLoader.copyInPlace(value(name, parts, weights, own), array);
            }
          });
    }
  }

  private NDArray value(String name, List<Part> parts, double[] weights, NDManager own) {
    if (!blended.test(name)) {
      return parts.get(rest).values().read(name, own);
    }
    List<NDArray> models = parts.stream().map(part -> part.values().read(name, own)).toList();
    return method.blend(name, models, weights);
  }
}
