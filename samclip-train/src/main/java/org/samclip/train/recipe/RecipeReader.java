package org.samclip.train.recipe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.introspect.BeanPropertyDefinition;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Reads a recipe: its file over its {@code base} files, the overrides over both, {@code
 * defaults.yaml} beneath, and every value checked.
 *
 * <p>{@code base: quickstart.yaml} takes everything from a file beside this one; keys given here
 * win, {@code key: null} removes one, and single entries of a list are changed by name or number:
 * {@code stages: {multi_task: {ema: 0.999}}}.
 *
 * <p>An override is {@code path=value} with a dotted path; entries of lists are addressed by
 * number, counted from 1, or by name: {@code stages.2.ema=0.999} or {@code
 * stages.multi_task.ema=0.999}. The value is read as YAML: {@code
 * stages.1.feeds.images.resolutions=[224, 336]}.
 */
public final class RecipeReader {

  private static final ObjectMapper MAPPER = RecipeMapper.configure(JsonMapper.builder()).build();

  private RecipeReader() {}

  /**
   * Reads a file.
   *
   * @param file YAML
   * @param overrides {@code path=value}, applied in order
   * @throws org.samclip.UserError for anything wrong, naming file or override, dotted path, value
   *     and what is allowed
   */
  public static Recipe read(Path file, List<String> overrides) {
    return bind(RecipeLayers.ofFile(file), overrides, Recipe.class);
  }

  /**
   * Reads the recipe of a teacher, by the same rules.
   *
   * @param file YAML
   * @param overrides {@code path=value}, applied in order
   * @throws org.samclip.UserError as {@link #read}
   */
  public static PretrainRecipe readPretraining(Path file, List<String> overrides) {
    return bind(RecipeLayers.ofFile(file), overrides, PretrainRecipe.class);
  }

  /**
   * Reads a text, which cannot have a {@code base}.
   *
   * @param source names the text in messages
   * @param yaml the recipe
   * @param overrides {@code path=value}, applied in order
   * @throws org.samclip.UserError as {@link #read}
   */
  public static Recipe parse(String source, String yaml, List<String> overrides) {
    return bind(RecipeLayers.ofText(source, yaml), overrides, Recipe.class);
  }

  private static <T extends Record> T bind(
      RecipeLayers layers, List<String> overrides, Class<T> type) {
    overrides.forEach(layers::override);
    ObjectNode tree = layers.resolve(keys(type));
    try {
      return MAPPER.treeToValue(tree, type);
    } catch (JsonMappingException e) {
      throw new RecipeErrors(MAPPER, tree, layers).explain(e);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree in memory has no syntax", e);
    }
  }

  private static Set<String> keys(Class<? extends Record> type) {
    return MAPPER
        .getSerializationConfig()
        .introspect(MAPPER.constructType(type))
        .findProperties()
        .stream()
        .map(BeanPropertyDefinition::getName)
        .collect(Collectors.toSet());
  }
}
