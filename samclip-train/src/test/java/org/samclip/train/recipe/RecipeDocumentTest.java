package org.samclip.train.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import java.io.IOException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.samclip.eval.protocol.Protocols;
import org.samclip.student.HeadKind;
import org.samclip.train.objective.ObjectiveCheck;

/** docs/recipe.md tells every key, and its examples are recipes. */
class RecipeDocumentTest {

  private static final Path DOCUMENT = Path.of("..", "docs", "recipe.md");
  private static final PropertyNamingStrategies.SnakeCaseStrategy NAMES =
      new PropertyNamingStrategies.SnakeCaseStrategy();

  /** The recipe of the document that is whole. */
  static String example() throws IOException {
    return Pattern.compile("(?s)```yaml\n(name: .*?)```")
        .matcher(Files.readString(DOCUMENT))
        .results()
        .map(found -> found.group(1))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void everyKeyIsDocumented() throws IOException {
    String text = Files.readString(DOCUMENT);
    List<String> missing = new ArrayList<>();
    Set<String> keys = new TreeSet<>();
    collect(Recipe.class, keys);
    collect(PretrainRecipe.class, keys);
    for (HeadKind<?> kind : ServiceLoader.load(HeadKind.class)) {
      keys.add(kind.kind());
      collect(kind.configType(), keys);
    }
    for (String name : Protocols.installed().names()) {
      keys.add(name);
      collect(Protocols.installed().of("protocol", name).defaults().getClass(), keys);
    }
    assertTrue(keys.size() > 150, () -> "too few keys were found: " + keys);
    for (String key : keys) {
      if (!text.matches("(?s).*[`.]" + key + "[`.:].*")) {
        missing.add(key);
      }
    }
    assertEquals(List.of(), missing);
  }

  @Test
  void everyTermIsDocumented() throws IOException {
    String text = Files.readString(DOCUMENT);
    List<String> missing = new ArrayList<>(ObjectiveCheck.terms());
    missing.removeIf(term -> text.contains("| `" + term + "` |"));
    assertEquals(List.of(), missing);
  }

  /** What {@code --set} is shown with can be set. */
  @Test
  void theShownOverridesAreValid() throws IOException {
    Path config = Path.of("..", "configs", "sam-clip-vit-b.yaml");
    List<String> shown =
        Pattern.compile("(?m)^--set ('[^']+'|\\S+='[^']+'|\\S+)")
            .matcher(Files.readString(DOCUMENT))
            .results()
            .map((MatchResult found) -> found.group(1).replace("'", ""))
            .toList();
    assertTrue(shown.size() >= 7, shown::toString);
    for (String override : shown) {
      RecipeReader.read(config, List.of(override));
    }
  }

  private static void collect(Class<?> type, Set<String> keys) {
    if (!type.isRecord() || type == Duration.class || type == OutputName.class) {
      return;
    }
    if (type == ProtocolsSpec.class) { // a map with free names
      keys.addAll(List.of("protocol", "teacher", "resolutions"));
      return;
    }
    for (RecordComponent component : type.getRecordComponents()) {
      if (type == HeadSpec.class && component.getName().equals("sizes")) {
        continue; // keys of the kinds
      }
      keys.add(NAMES.translate(component.getName()));
      Class<?> part = component.getType();
      if (component.getGenericType() instanceof ParameterizedType of) {
        // A list's entries, or what a map's free names stand for.
        Type[] arguments = of.getActualTypeArguments();
        Type last = Arrays.asList(arguments).get(arguments.length - 1);
        part = (Class<?>) last;
      }
      collect(part, keys);
    }
  }
}
