package org.samclip.train.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.samclip.NearestName;
import org.samclip.UserError;

/**
 * Dotted paths into a recipe's tree. An entry of a list is addressed by its number, counted from 1,
 * or by its {@code name}: {@code stages.2.ema}, {@code stages.multi_task.ema}.
 */
final class TreePath {

  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,6}");

  private TreePath() {}

  /**
   * Sets a value; sections on the way are made where they are missing.
   *
   * @param source names the origin in messages
   * @throws UserError if the path leads through a value or to a list entry that does not exist
   */
  static void set(ObjectNode tree, String path, JsonNode value, String source) {
    String[] steps = path.split("\\.", -1);
    JsonNode node = tree;
    for (int i = 0; i < steps.length; i++) {
      String step = steps[i];
      boolean last = i == steps.length - 1;
      String here = String.join(".", List.of(steps).subList(0, i));
      if (step.isEmpty()) {
        throw new UserError(source + ": '" + path + "' has an empty step between dots");
      }
      if (node instanceof ArrayNode list) {
        int index = requireIndex(list, step, here, source);
        if (last) {
          list.set(index, value);
        }
        node = list.get(index);
      } else if (node instanceof ObjectNode section) {
        if (last) {
          section.set(step, value);
        } else if (!section.has(step) || section.get(step).isNull()) {
          section.putObject(step);
        }
        node = section.get(step);
      } else {
        throw new UserError(
            source + ": '" + here + "' is the value " + node + ", so it has no key '" + step + "'");
      }
    }
  }

  /** The node at a path in any of its written forms, or a missing node. */
  static JsonNode find(JsonNode tree, List<String> steps) {
    JsonNode node = tree;
    for (String step : steps) {
      if (node instanceof ArrayNode list) {
        int index = index(list, step);
        node = index < 0 ? MissingNode.getInstance() : list.get(index);
      } else {
        node = node.path(step);
      }
    }
    return node;
  }

  /** The same path with every list entry addressed by its number, as far as the tree reaches. */
  static List<String> numbered(JsonNode tree, List<String> steps) {
    List<String> result = new ArrayList<>();
    JsonNode node = tree;
    for (String step : steps) {
      if (node instanceof ArrayNode list && index(list, step) >= 0) {
        int index = index(list, step);
        result.add(String.valueOf(index + 1));
        node = list.get(index);
      } else {
        result.add(step);
        node = node.path(step);
      }
    }
    return result;
  }

  /**
   * Position in the list, from 0.
   *
   * @throws UserError if there is no such entry
   */
  static int requireIndex(ArrayNode list, String step, String path, String source) {
    int index = index(list, step);
    if (index < 0) {
      List<String> names = names(list);
      String allowed = list.isEmpty() ? "nothing, the list is empty" : "1 to " + list.size();
      if (!names.isEmpty()) {
        allowed += " or " + String.join(", ", names);
      }
      throw new UserError(
          source
              + ": '"
              + path
              + "' has no entry '"
              + step
              + "'; allowed: "
              + allowed
              + "."
              + NearestName.hint(step, names));
    }
    return index;
  }

  private static int index(ArrayNode list, String step) {
    if (NUMBER.matcher(step).matches()) {
      int number = Integer.parseInt(step);
      return number >= 1 && number <= list.size() ? number - 1 : -1;
    }
    for (int i = 0; i < list.size(); i++) {
      if (list.get(i).path("name").asText().equals(step)) {
        return i;
      }
    }
    return -1;
  }

  private static List<String> names(ArrayNode list) {
    List<String> names = new ArrayList<>();
    for (JsonNode entry : list) {
      if (entry.hasNonNull("name")) {
        names.add(entry.get("name").asText());
      }
    }
    return names;
  }
}
