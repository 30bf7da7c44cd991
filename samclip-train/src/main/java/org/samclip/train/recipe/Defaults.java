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
import java.util.stream.Stream;

/** Fills in the values of {@code defaults.yaml}; the file's head explains its conventions. */
final class Defaults {

  private static final String FILE = "defaults.yaml";
  private static final String ANY = "*";
  private static final ObjectNode TREE = load();

  private Defaults() {}

  /** Sets every key that is absent and has a default, below the given top-level keys. */
  static void fill(ObjectNode recipe, Set<String> keys) {
    ObjectNode own = TREE.deepCopy();
    own.retain(keys.stream().flatMap(key -> Stream.of(key, key + "?")).toList());
    fill(recipe, own);
    if (recipe.get("baselines") instanceof ArrayNode baselines) {
      for (JsonNode baseline : baselines) {
        fillEntries(baseline.path("stages"), TREE.get("stages"));
        if (baseline.get("blend") instanceof ObjectNode blend) {
          fill(blend, (ObjectNode) TREE.get("blend"));
        }
        if (baseline.get("student") instanceof ObjectNode student) {
          fill(student, (ObjectNode) TREE.get("student"));
        }
      }
    }
  }

  private static void fill(ObjectNode section, ObjectNode defaults) {
    for (Map.Entry<String, JsonNode> entry : defaults.properties()) {
      if (entry.getKey().startsWith(ANY)) {
        fillNamed(section, entry.getKey(), (ObjectNode) entry.getValue());
        continue;
      }
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

  /**
   * Entries with free names: all of them, or those of a kind that are not taken {@code from}
   * elsewhere.
   */
  private static void fillNamed(ObjectNode section, String key, ObjectNode template) {
    String kind = key.substring(ANY.length()).strip();
    for (Map.Entry<String, JsonNode> entry : section.properties()) {
      if (entry.getValue() instanceof ObjectNode named
          && (kind.isEmpty()
              || kind.equals(named.path("kind").asText()) && !named.hasNonNull("from"))) {
        fill(named, template);
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
