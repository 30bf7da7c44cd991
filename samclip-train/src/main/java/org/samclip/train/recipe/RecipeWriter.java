package org.samclip.train.recipe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import org.samclip.checkpoint.ContentHash;

/** Writes a resolved recipe, so that a run's folder tells the whole of what was run. */
public final class RecipeWriter {

  // Texts stay in quotes: unquoted, a folder named 1e3 would come back as a number.
  private static final ObjectMapper YAML =
      RecipeMapper.configure(
              YAMLMapper.builder(
                  YAMLFactory.builder()
                      .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
                      .build()))
          .build();

  private static final ObjectMapper CANONICAL =
      RecipeMapper.configure(JsonMapper.builder())
          .enable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
          .disable(MapperFeature.SORT_CREATOR_PROPERTIES_FIRST)
          .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
          .build();

  private RecipeWriter() {}

  /** The recipe as YAML with every key; {@link RecipeReader} reads it back as an equal recipe. */
  public static String yaml(Recipe recipe) {
    return "# Resolved recipe " + recipe.hash() + "\n" + write(YAML, recipe);
  }

  static String hash(Record recipe) {
    return ContentHash.sha256(write(CANONICAL, recipe));
  }

  private static String write(ObjectMapper mapper, Record recipe) {
    try {
      return mapper.writeValueAsString(recipe);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a recipe is plain data", e);
    }
  }
}
