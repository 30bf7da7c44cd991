package org.samclip.checkpoint;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.samclip.UserError;

/**
 * The tensors of a torch checkpoint, found in what its pickle holds. Training scripts save the
 * state dict itself, or a dict with the state dict under one of a few customary keys.
 *
 * @param tensors by name, in the file's order
 * @param metadata strings, numbers and bools that stand beside
 */
record StateDict(Map<String, TorchTensor> tensors, Map<String, String> metadata) {

  /** Where training scripts put the state dict, in the order of preference. */
  private static final List<String> WRAPPERS =
      List.of("state_dict", "model", "model_state_dict", "module");

  /** Data-parallel training puts this before every name. */
  private static final String PARALLEL = "module.";

  /** The longest prefix of a tensor's name in a TorchScript module. */
  private static final int MAX_NAME = 1000;

  /**
   * @param path names the file in messages
   * @param content what the pickle holds; may contain itself
   * @return the tensors
   * @throws UserError if no dict of tensors is found
   */
  static StateDict find(Path path, Object content) {
    Map<String, String> metadata = new LinkedHashMap<>();
    if (content instanceof ScriptObject module) {
      Map<String, TorchTensor> tensors = ofModule(path, module);
      if (!tensors.isEmpty()) {
        return new StateDict(tensors, metadata);
      }
    }
    Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    Object current = content;
    while (current instanceof Map<?, ?> dict && seen.add(dict)) {
      plainValues(dict, metadata);
      Object inner = wrapped(dict);
      Map<String, TorchTensor> tensors = tensors(dict);
      if (inner == null && !tensors.isEmpty()) {
        return new StateDict(withoutPrefix(tensors), metadata);
      }
      current = inner;
    }
    String found =
        content instanceof Map<?, ?> dict
            ? "its keys are "
                + dict.keySet().stream()
                    .limit(10)
                    .map(key -> Printable.of(String.valueOf(key)))
                    .collect(Collectors.joining(", "))
            : "it holds no dict";
    throw new UserError(
        "%s: no dict of tensors was found (looked at the top and under %s); %s. In Python, torch.save the state_dict alone."
            .formatted(path, String.join(", ", WRAPPERS), found));
  }

  /** A part of a TorchScript module that is still to be looked at. */
  private record Part(String prefix, ScriptObject object) {}

  /**
   * The tensors of a TorchScript module, under the names of its {@code state_dict()}. Each object
   * is looked at once, so that objects which contain each other end.
   */
  private static Map<String, TorchTensor> ofModule(Path path, ScriptObject module) {
    Map<String, TorchTensor> tensors = new LinkedHashMap<>();
    Set<ScriptObject> seen = new HashSet<>(Set.of(module));
    Deque<Part> open = new ArrayDeque<>(List.of(new Part("", module)));
    while (!open.isEmpty()) {
      Part part = open.remove();
      if (part.prefix.length() > MAX_NAME) {
        throw new UserError(path + ": its modules are nested too deeply");
      }
      part.object
          .attributes()
          .forEach(
              (key, value) -> {
                if (value instanceof TorchTensor tensor) {
                  tensors.put(part.prefix + key, tensor);
                } else if (value instanceof ScriptObject inner && seen.add(inner)) {
                  open.add(new Part(part.prefix + key + ".", inner));
                }
              });
    }
    return tensors;
  }

  private static Map<String, TorchTensor> tensors(Map<?, ?> dict) {
    Map<String, TorchTensor> tensors = new LinkedHashMap<>();
    dict.forEach(
        (key, value) -> {
          if (key instanceof String name && value instanceof TorchTensor tensor) {
            tensors.put(name, tensor);
          }
        });
    return tensors;
  }

  private static Object wrapped(Map<?, ?> dict) {
    return WRAPPERS.stream().map(dict::get).filter(Map.class::isInstance).findFirst().orElse(null);
  }

  private static void plainValues(Map<?, ?> dict, Map<String, String> metadata) {
    dict.forEach(
        (key, value) -> {
          if (key instanceof String name
              && (value instanceof String || value instanceof Number || value instanceof Boolean)) {
            metadata.putIfAbsent(name, value.toString());
          }
        });
  }

  private static Map<String, TorchTensor> withoutPrefix(Map<String, TorchTensor> tensors) {
    if (!tensors.keySet().stream().allMatch(name -> name.startsWith(PARALLEL))) {
      return tensors;
    }
    Map<String, TorchTensor> stripped = new LinkedHashMap<>();
    tensors.forEach((name, tensor) -> stripped.put(name.substring(PARALLEL.length()), tensor));
    return stripped;
  }
}
