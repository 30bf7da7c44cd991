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
 * The tensors in what a torch checkpoint's pickle holds: a state dict, dicts of state dicts and
 * other things as training scripts save them, or a TorchScript module. A tensor's name is made of
 * the keys that lead to it, with dots between.
 *
 * @param tensors by name, in the file's order
 * @param metadata strings, numbers and bools that stand at the top
 * @param unread what else is there: by name, what it is
 */
record StateDict(
    Map<String, TorchTensor> tensors, Map<String, String> metadata, Map<String, String> unread) {

  /** The longest path of keys in front of a name. */
  private static final int MAX_PREFIX = 1000;

  /** As many as a safetensors file may have. */
  private static final int MAX_NAMES = 200_000;

  /**
   * A dict or module that is still to be looked at.
   *
   * @param root the key at the top that leads to it; null for the top itself
   * @param prefix of the names in it
   */
  private record Part(String root, String prefix, Map<?, ?> items) {}

  /**
   * @param path names the file in messages
   * @param content what the pickle holds; may contain itself
   * @return the tensors
   * @throws UserError if there are none
   */
  static StateDict find(Path path, Object content) {
    StateDict found =
        new StateDict(new LinkedHashMap<>(), new LinkedHashMap<>(), new LinkedHashMap<>());
    Map<?, ?> top = items(content);
    if (top != null) {
      found.walk(path, top);
    }
    if (found.tensors.isEmpty()) {
      throw new UserError(
          "%s: no dict of tensors was found; %s. In Python, torch.save the model's state_dict()."
              .formatted(path, top == null ? "it holds no dict but: " + what(content) : list(top)));
    }
    return found;
  }

  /** Each dict is looked at once, so that dicts which contain each other end. */
  private void walk(Path path, Map<?, ?> top) {
    Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    seen.add(top);
    Set<String> fruitful = new HashSet<>();
    Deque<Part> open = new ArrayDeque<>(List.of(new Part(null, "", top)));
    while (!open.isEmpty()) {
      Part part = open.remove();
      if (part.prefix.length() > MAX_PREFIX) {
        throw new UserError(path + ": its dicts or modules are nested too deeply");
      }
      part.items.forEach(
          (key, value) -> {
            if (key instanceof String text) {
              String name = part.prefix + text;
              Map<?, ?> inner = items(value);
              if (inner != null && seen.add(inner)) {
                open.add(new Part(part.root == null ? text : part.root, name + ".", inner));
              } else if (keep(path, name, value, part.root == null)) {
                fruitful.add(part.root);
              }
            }
          });
    }
    // An optimizer's state and the like: tensors have numbers there, or there are none.
    top.forEach(
        (key, value) -> {
          if (key instanceof String name && items(value) != null && !fruitful.contains(name)) {
            unread.put(name, what(value));
          }
        });
  }

  /** Whether it is a tensor. */
  private boolean keep(Path path, String name, Object value, boolean atTop) {
    if (tensors.size() + unread.size() >= MAX_NAMES) {
      throw new UserError(path + ": it has more than " + MAX_NAMES + " tensors");
    }
    if (value instanceof TorchTensor tensor) {
      if (tensors.put(name, tensor) != null) {
        throw new UserError(path + ": two tensors are named '" + Printable.of(name) + "'");
      }
      return true;
    }
    if (atTop && isPlain(value)) {
      metadata.put(name, value.toString());
    } else if (value instanceof Placeholder || atTop && value != null && items(value) == null) {
      unread.put(name, what(value));
    }
    return false;
  }

  private static Map<?, ?> items(Object value) {
    if (value instanceof ScriptObject module) {
      return module.attributes();
    }
    return value instanceof Map<?, ?> dict ? dict : null;
  }

  private static boolean isPlain(Object value) {
    return value instanceof String
        || value instanceof Number
        || value instanceof Boolean
        || value instanceof TensorUnpickler.Constant;
  }

  private static String list(Map<?, ?> top) {
    return "it holds "
        + top.entrySet().stream()
            .limit(10)
            .map(e -> Printable.of(e.getKey() + " (" + what(e.getValue()) + ")"))
            .collect(Collectors.joining(", "));
  }

  private static String what(Object value) {
    if (value == null) {
      return "None";
    }
    if (value instanceof Placeholder placeholder) {
      return placeholder.toString();
    }
    if (isPlain(value)) {
      return "plain value";
    }
    if (value instanceof List) {
      return "list";
    }
    if (value instanceof Object[]) {
      return "tuple";
    }
    return items(value) != null ? "dict" : "function, class or storage";
  }
}
