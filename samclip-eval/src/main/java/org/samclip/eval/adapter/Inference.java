package org.samclip.eval.adapter;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.util.List;
import java.util.function.Supplier;
import org.samclip.data.transform.Normalisation;
import org.samclip.kernel.Autograd;
import org.samclip.model.ImageInput;
import org.samclip.model.VisionModel;

/** Calls of a model without gradients, of which only the results stay. */
final class Inference {

  private Inference() {}

  /**
   * @param target what the result shall belong to
   * @param call makes arrays, of which one is the result
   * @return the result
   */
  static NDArray one(NDManager target, Supplier<NDArray> call) {
    return several(target, () -> List.of(call.get())).get(0);
  }

  /**
   * @param target what the results shall belong to
   * @param call makes arrays, of which some are results
   * @return the results
   */
  static List<NDArray> several(NDManager target, Supplier<List<NDArray>> call) {
    try (Autograd off = Autograd.disabled();
        NDScope scope = new NDScope()) {
      List<NDArray> results = call.get();
      for (NDArray result : results) {
        NDScope.unregister(result);
        result.attach(target);
      }
      return results;
    }
  }

  /**
   * @param model any model
   * @return how bytes become its input values
   */
  static Normalisation normalisation(VisionModel model) {
    ImageInput input = model.input();
    return new Normalisation(input.divisor(), input.mean(), input.std());
  }
}
