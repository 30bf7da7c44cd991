package org.samclip.train.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** docs/recipe.md tells every key. */
class RecipeDocumentTest {

  private static final PropertyNamingStrategies.SnakeCaseStrategy NAMES =
      new PropertyNamingStrategies.SnakeCaseStrategy();

  @Test
  void everyKeyIsDocumented() throws IOException {
    String text = Files.readString(Path.of("..", "docs", "recipe.md"));
    List<String> missing = new ArrayList<>();
    Set<String> keys = new TreeSet<>();
    collect(Recipe.class, keys);
    assertTrue(keys.size() > 80, () -> "too few keys were found: " + keys);
    for (String key : keys) {
      if (!text.matches("(?s).*[`.]" + key + "[`.:].*")) {
        missing.add(key);
      }
    }
    assertEquals(List.of(), missing);
  }

  private static void collect(Class<?> type, Set<String> keys) {
    if (!type.isRecord() || type == Duration.class) {
      return;
    }
    for (RecordComponent component : type.getRecordComponents()) {
      keys.add(NAMES.translate(component.getName()));
      Class<?> part = component.getType();
      if (component.getGenericType() instanceof ParameterizedType list) {
        part = (Class<?>) list.getActualTypeArguments()[0];
      }
      collect(part, keys);
    }
  }
}
