package org.samclip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/paper.md leads to classes, tests and keys that exist. */
class PaperDocumentTest {

  private static final Path DOCS = Path.of("..", "docs");
  private static final Pattern NAME = Pattern.compile("`([^`]+)`");

  @Test
  void everyNameLeadsSomewhere() throws IOException {
    Set<String> classes = sources("main");
    Set<String> tests = sources("test");
    String keys = Files.readString(DOCS.resolve("recipe.md"));
    List<String> lost = new ArrayList<>();
    List<String[]> rows = rows();
    assertTrue(rows.size() >= 18, () -> rows.size() + " rows");
    for (String[] row : rows) {
      names(row[3]).filter(name -> !classes.contains(name)).forEach(lost::add);
      names(row[5]).filter(name -> !tests.contains(name)).forEach(lost::add);
      names(row[4]).filter(key -> !keys.contains(last(key))).forEach(lost::add);
      assertTrue(names(row[3]).count() > 0 && names(row[5]).count() > 0, () -> row[2]);
    }
    assertEquals(List.of(), lost);
  }

  private static List<String[]> rows() throws IOException {
    return Files.readAllLines(DOCS.resolve("paper.md")).stream()
        .filter(line -> line.startsWith("| ") && !line.startsWith("| section"))
        .map(line -> line.split("\\|"))
        .toList();
  }

  private static Stream<String> names(String cell) {
    return NAME.matcher(cell).results().map(found -> found.group(1));
  }

  private static String last(String key) {
    Matcher end = Pattern.compile("[a-z_]+$").matcher(key);
    assertTrue(end.find(), key);
    return end.group();
  }

  private static Set<String> sources(String kind) throws IOException {
    try (Stream<Path> files = Files.walk(Path.of(".."))) {
      return files
          .filter(
              file -> file.toString().matches(".*samclip-[a-z]+.src." + kind + ".java.*\\.java"))
          .map(file -> file.getFileName().toString().replace(".java", ""))
          .collect(Collectors.toSet());
    }
  }
}
