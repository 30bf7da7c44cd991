package org.samclip.model;

import ai.djl.ndarray.NDManager;
import ai.djl.nn.ParameterList;
import java.util.Map;
import java.util.function.Function;
import org.samclip.nn.Module;

/**
 * A network of known sizes before it has memory: its parameters' names and shapes can be compared
 * with a file first.
 *
 * @param modules all of its modules, as {@link VisionModel#modules}
 * @param open makes the model of these modules, with what else the file holds for it, such as a
 *     tokenizer; called before there is memory
 * @param <M> the model
 */
public record Network<M extends VisionModel>(
    Map<String, Module> modules, Function<ModelWeights, M> open) {

  /**
   * @param module the whole network
   * @param open makes the model of it
   * @param <M> the model
   * @return the network
   */
  public static <M extends VisionModel> Network<M> of(
      Module module, Function<ModelWeights, M> open) {
    return new Network<>(Map.of("", module), open);
  }

  /** All parameters under their names in the file. */
  ParameterList parameters() {
    ParameterList parameters = new ParameterList();
    modules.forEach(
        (prefix, module) ->
            module.getParameters().forEach(p -> parameters.add(prefix + p.getKey(), p.getValue())));
    return parameters;
  }

  void allocate(NDManager manager) {
    modules.values().forEach(module -> module.allocate(manager));
  }
}
