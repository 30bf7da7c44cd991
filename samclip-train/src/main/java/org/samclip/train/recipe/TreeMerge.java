package org.samclip.train.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Lays trees over each other. Sections merge key by key; any other value replaces the one below;
 * null removes it. A list replaces a list; a section over a list changes single entries, addressed
 * by number or name as in {@link TreePath}.
 */
final class TreeMerge {

  private TreeMerge() {}

  /**
   * @param below is changed and returned
   * @param above wins
   * @param source names {@code above} in messages
   */
  static ObjectNode over(ObjectNode below, ObjectNode above, String source) {
    merge(below, above, "", source);
    return below;
  }

  private static void merge(ObjectNode below, ObjectNode above, String path, String source) {
    for (Map.Entry<String, JsonNode> entry : above.properties()) {
      JsonNode old = below.get(entry.getKey());
      JsonNode value = entry.getValue();
      String here = path.isEmpty() ? entry.getKey() : path + "." + entry.getKey();
      if (old instanceof ObjectNode section && value instanceof ObjectNode change) {
        merge(section, change, here, source);
      } else if (old instanceof ArrayNode list && value instanceof ObjectNode change) {
        for (Map.Entry<String, JsonNode> one : change.properties()) {
          int index = TreePath.requireIndex(list, one.getKey(), here, source);
          if (list.get(index) instanceof ObjectNode section
              && one.getValue() instanceof ObjectNode part) {
            merge(section, part, here + "." + one.getKey(), source);
          } else {
            list.set(index, one.getValue().deepCopy());
          }
        }
      } else {
        below.set(entry.getKey(), value.deepCopy());
      }
    }
  }

  /** Removes every key whose value is null. */
  static void dropNulls(JsonNode tree) {
    if (tree instanceof ObjectNode section) {
      List<String> empty = new ArrayList<>();
      for (Map.Entry<String, JsonNode> entry : section.properties()) {
        if (entry.getValue().isNull()) {
          empty.add(entry.getKey());
        }
      }
      section.remove(empty);
    }
    tree.forEach(TreeMerge::dropNulls);
  }
}
