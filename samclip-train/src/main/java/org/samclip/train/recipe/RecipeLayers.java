package org.samclip.train.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.samclip.UserError;

/**
 * What a recipe is made of, from bottom to top: the {@code base} files, the file itself, the
 * overrides. Keeps them apart so that a message can name the one a value came from.
 */
final class RecipeLayers {

  private static final String BASE = "base";
  private static final String LIKE = "like";
  private static final int MAX_BASES = 16;

  private record Layer(String source, JsonNode tree) {}

  private record Change(String text, List<String> path) {}

  private final List<Layer> files = new ArrayList<>();
  private final List<Change> overrides = new ArrayList<>();
  private ObjectNode merged;

  private RecipeLayers() {}

  /** Reads a file and the files it is based on. */
  static RecipeLayers ofFile(Path file) {
    RecipeLayers layers = new RecipeLayers();
    Set<Path> seen = new HashSet<>();
    List<String> chain = new ArrayList<>();
    Path next = file;
    while (next != null) {
      ObjectNode tree = section(next.toString(), StrictYaml.read(next));
      chain.add(next.toString());
      if (!seen.add(canonical(next)) || seen.size() > MAX_BASES) {
        throw new UserError(
            file
                + ": key 'base' leads in a circle or too far (at most "
                + MAX_BASES
                + " files): "
                + String.join(" -> ", chain));
      }
      layers.files.add(new Layer(next.toString(), tree));
      next = base(next, tree.remove(BASE));
    }
    layers.merge();
    return layers;
  }

  /** Takes a text, which cannot have a base. */
  static RecipeLayers ofText(String source, String text) {
    RecipeLayers layers = new RecipeLayers();
    layers.files.add(new Layer(source, section(source, StrictYaml.parse(source, text))));
    layers.merge();
    return layers;
  }

  private void merge() {
    Layer bottom = files.get(files.size() - 1);
    merged = (ObjectNode) bottom.tree().deepCopy();
    for (int i = files.size() - 2; i >= 0; i--) {
      TreeMerge.over(merged, (ObjectNode) files.get(i).tree(), files.get(i).source());
    }
  }

  /**
   * Applies {@code path=value}; the value is read as YAML.
   *
   * @throws UserError if there is no {@code =}, no value, or the path leads nowhere
   */
  void override(String text) {
    int equals = text.indexOf('=');
    String source = "--set " + text;
    if (equals <= 0 || text.substring(equals + 1).isBlank()) {
      throw new UserError(
          source
              + ": allowed: KEY=VALUE, such as stages.2.optimizer.lr=1e-4 (KEY=null removes a key)");
    }
    String path = text.substring(0, equals).strip();
    JsonNode value = StrictYaml.parse(source, text.substring(equals + 1));
    TreePath.set(merged, path, value, source);
    overrides.add(new Change(source, TreePath.numbered(merged, List.of(path.split("\\.")))));
  }

  /** The merged tree without nulls and with the defaults of the given top-level keys. */
  ObjectNode resolve(Set<String> keys) {
    ObjectNode tree = merged.deepCopy();
    for (JsonNode baseline : tree.path("baselines")) {
      if (baseline.path("student") instanceof ObjectNode change
          && tree.get("student") instanceof ObjectNode own) {
        ((ObjectNode) baseline)
            .set("student", TreeMerge.over(own.deepCopy(), change, files.get(0).source()));
      }
      if (baseline.path("stages") instanceof ArrayNode stages) {
        for (int i = 0; i < stages.size(); i++) {
          if (stages.get(i) instanceof ObjectNode stage && stage.has(LIKE)) {
            stages.set(i, like(stage, tree.path("stages")));
          }
        }
      }
    }
    TreeMerge.dropNulls(tree);
    Defaults.fill(tree, keys);
    return tree;
  }

  /** A stage of a baseline that is one of the recipe's but for what it says itself. */
  private ObjectNode like(ObjectNode stage, JsonNode stages) {
    JsonNode name = stage.remove(LIKE);
    for (JsonNode other : stages) {
      if (other instanceof ObjectNode model && other.path("name").equals(name)) {
        return TreeMerge.over(model.deepCopy(), stage, files.get(0).source());
      }
    }
    List<String> known = new ArrayList<>();
    stages.forEach(other -> known.add(other.path("name").asText()));
    throw new UserError(
        files.get(0).source()
            + ": key 'like' of a baseline's stage is "
            + name
            + "; allowed: the name of one of the recipe's stages, "
            + String.join(", ", known));
  }

  /**
   * Where a wrong value comes from: the override or the topmost file that sets it. A value that is
   * wrong only beside its neighbours is named with the overrides that touch them.
   */
  String origin(List<String> path) {
    for (int i = overrides.size() - 1; i >= 0; i--) {
      if (startsWith(path, overrides.get(i).path())) {
        return overrides.get(i).text();
      }
    }
    List<String> section = path.size() > 1 ? path.subList(0, path.size() - 1) : path;
    StringBuilder origin = new StringBuilder(file(path));
    for (Change override : overrides) {
      if (startsWith(override.path(), section)) {
        origin.append(" with ").append(override.text());
      }
    }
    return origin.toString();
  }

  private static boolean startsWith(List<String> path, List<String> start) {
    return path.size() >= start.size() && path.subList(0, start.size()).equals(start);
  }

  private String file(List<String> path) {
    for (Layer layer : files) {
      if (!path.isEmpty() && sets(layer.tree(), path)) {
        return layer.source();
      }
    }
    return files.get(0).source();
  }

  /** Whether the tree sets the path, be its entries of lists addressed by number or by name. */
  private boolean sets(JsonNode tree, List<String> path) {
    JsonNode node = tree;
    JsonNode whole = merged;
    for (String step : path) {
      JsonNode next = TreePath.find(node, List.of(step));
      whole = TreePath.find(whole, List.of(step));
      if (next.isMissingNode() && node.isObject() && whole.hasNonNull("name")) {
        next = node.path(whole.get("name").asText());
      }
      node = next;
    }
    return !node.isMissingNode();
  }

  private static ObjectNode section(String source, JsonNode tree) {
    if (tree instanceof ObjectNode section) {
      return section;
    }
    throw new UserError(
        source
            + ": holds "
            + (tree.isNull() ? "nothing" : "no keys")
            + "; a recipe begins with"
            + " keys such as 'name: my-run'");
  }

  private static Path base(Path file, JsonNode base) {
    if (base == null || base.isNull()) {
      return null;
    }
    if (!base.isTextual() || base.asText().isBlank()) {
      throw new UserError(
          file + ": 'base' is " + base + "; allowed: a recipe file, relative to this one");
    }
    return file.resolveSibling(base.asText());
  }

  private static Path canonical(Path file) {
    try {
      return file.toRealPath();
    } catch (IOException e) {
      throw new UserError(file + ": cannot be read: " + e.getMessage(), e);
    }
  }
}
