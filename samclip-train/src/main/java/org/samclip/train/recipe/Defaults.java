package org.samclip.train.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;

/** Fills in the values of {@code defaults.yaml}; the file's head explains its two conventions. */
final class Defaults {

  private static final String FILE = "defaults.yaml";
  private static final ObjectNode TREE = load();

  private Defaults() {}

  /** Sets every key that is absent and has a default, below the given top-level keys. */
  static void fill(ObjectNode recipe, Set<String> keys) {
    fill(recipe, TREE.deepCopy().retain(keys));
    if (recipe.get("baselines") instanceof ArrayNode baselines) {
      for (JsonNode baseline : baselines) {
        fillEntries(baseline.path("stages"), TREE.get("stages"));
      }
    }
  }

  private static void fill(ObjectNode section, ObjectNode defaults) {
    for (Map.Entry<String, JsonNode> entry : defaults.properties()) {
      boolean mayBeAbsent = entry.getKey().endsWith("?");
      String key = mayBeAbsent ? entry.getKey().replace("?", "") : entry.getKey();
      JsonNode value = section.get(key);
      JsonNode standard = entry.getValue();
      boolean template = standard instanceof ArrayNode list && list.path(0).isObject();
      if (value == null && !mayBeAbsent && !template) {
        value = standard instanceof ObjectNode ? section.putObject(key) : standard.deepCopy();
        section.set(key, value);
      }
      if (template) {
        fillEntries(value, standard);
      } else if (value instanceof ObjectNode part && standard instanceof ObjectNode standards) {
        fill(part, standards);
      }
    }
  }

  private static void fillEntries(JsonNode entries, JsonNode template) {
    if (entries instanceof ArrayNode) {
      for (JsonNode entry : entries) {
        if (entry instanceof ObjectNode section) {
          fill(section, (ObjectNode) template.get(0));
        }
      }
    }
  }

  private static ObjectNode load() {
    try (InputStream in = Defaults.class.getResourceAsStream(FILE)) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return (ObjectNode) StrictYaml.parse(FILE, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
