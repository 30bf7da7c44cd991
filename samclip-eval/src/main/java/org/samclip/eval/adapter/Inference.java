package org.samclip.eval.adapter;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.util.List;
import java.util.function.Supplier;
import org.samclip.clip.TextTower;
import org.samclip.clip.Tokenizer;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.Kernels;
import org.samclip.nn.Module;

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
   * @param target what the result shall belong to, on the tower's device
   * @param texts N texts
   * @param tower the text tower
   * @param tokenizer its tokenizer
   * @return {@code [N, E]}, each row of L2 norm 1
   */
  static NDArray embedTexts(
      NDManager target, List<String> texts, TextTower tower, Tokenizer tokenizer) {
    return one(target, () -> Kernels.normalize(tower.forward(tokenizer.encode(target, texts))));
  }

  /**
   * @param model an initialised model
   * @return where its parameters are
   */
  static Device device(Module model) {
    return model.getParameters().valueAt(0).getArray().getDevice();
  }
}
