package org.samclip.model.export;

import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.samclip.checkpoint.PickleWriter;
import org.samclip.checkpoint.TensorInfo;
import org.samclip.nn.Module;

/**
 * A module to be written as TorchScript: what its Java counterpart holds.
 *
 * @param kind simple name of the Java class, which is its class in {@code SamClip.py} as well
 * @param parameters by name
 * @param constants by name, see {@link Module#constants}
 * @param parts by name
 */
record TorchScriptModule(
    String kind,
    Map<String, NDArray> parameters,
    Map<String, Object> constants,
    Map<String, TorchScriptModule> parts) {

  /**
   * @param module an initialised model or a part of one
   * @return the same as a tree
   */
  static TorchScriptModule of(Module module) {
    Map<String, NDArray> parameters = new LinkedHashMap<>();
    module.getDirectParameters().forEach(p -> parameters.put(p.getKey(), p.getValue().getArray()));
    Map<String, TorchScriptModule> parts = new LinkedHashMap<>();
    for (ai.djl.util.Pair<String, Block> child : module.getChildren()) {
      parts.put(child.getKey(), of((Module) child.getValue()));
    }
    return new TorchScriptModule(
        module.getClass().getSimpleName(), parameters, new TreeMap<>(module.constants()), parts);
  }

  /**
   * Writes the module's object, and gives every parameter the next storage.
   *
   * @param pickle takes the object
   * @param source knows the classes
   * @param storages takes the parameters in the order of their keys
   */
  void pickle(PickleWriter pickle, TorchScriptSource source, Map<String, NDArray> storages) {
    pickle.beginModule(source.className(this));
    parameters.forEach(
        (name, array) -> {
          String key = Integer.toString(storages.size());
          pickle.string(name).tensor(key, TensorInfo.of(name, array));
          storages.put(key, array);
        });
    constants.forEach((name, value) -> constant(pickle.string(name), value));
    parts.forEach((name, part) -> part.pickle(pickle.string(name), source, storages));
    pickle.endModule();
  }

  private static void constant(PickleWriter pickle, Object value) {
    if (value instanceof Boolean flag) {
      pickle.bool(flag);
    } else if (value instanceof Integer number) {
      pickle.integer(number);
    } else if (value instanceof Double number) {
      pickle.real(number);
    } else if (value instanceof Optional<?> absent && absent.isEmpty()) {
      pickle.none();
    } else {
      throw new IllegalArgumentException("no constant: " + value);
    }
  }
}
