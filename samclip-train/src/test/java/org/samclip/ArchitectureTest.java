package org.samclip;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Arrows go one way: cli -> train -> eval -> data -> core. */
class ArchitectureTest {

  private static JavaClasses classes;

  @BeforeAll
  static void read() {
    ImportOption noTests = new ImportOption.DoNotIncludeTests();
    ImportOption noTestJars = (Location location) -> !location.contains("-tests.jar");
    classes =
        new ClassFileImporter()
            .withImportOption(noTests)
            .withImportOption(noTestJars)
            .importPackages("org.samclip");
    for (String room : List.of("cli", "train.recipe", "eval", "data", "checkpoint")) {
      assertFalse(
          classes.stream().noneMatch(c -> c.getPackageName().startsWith("org.samclip." + room)),
          "no classes were found in " + room);
    }
  }

  @Test
  void layersKnowOnlyThoseBelow() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("cli")
        .definedBy("org.samclip.cli..")
        .layer("train")
        .definedBy("org.samclip.train..")
        .layer("eval")
        .definedBy("org.samclip.eval..")
        .layer("data")
        .definedBy("org.samclip.data..")
        .layer("core")
        .definedBy(
            "org.samclip",
            "org.samclip.kernel..",
            "org.samclip.nn..",
            "org.samclip.vit..",
            "org.samclip.siglip..",
            "org.samclip.vitdet..",
            "org.samclip.sam..",
            "org.samclip.text..",
            "org.samclip.clip..",
            "org.samclip.model..",
            "org.samclip.student..",
            "org.samclip.checkpoint..")
        .whereLayer("cli")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("train")
        .mayOnlyBeAccessedByLayers("cli")
        .whereLayer("eval")
        .mayOnlyBeAccessedByLayers("cli", "train")
        .whereLayer("data")
        .mayOnlyBeAccessedByLayers("cli", "train", "eval")
        .ensureAllClassesAreContainedInArchitecture()
        .check(classes);
  }

  @Test
  void packagesHaveNoCycles() {
    slices().matching("org.samclip.(**)").should().beFreeOfCycles().check(classes);
  }

  /** A method that lost its annotation looks like a test and never runs. */
  @Test
  void everyTestIsRun() throws IOException {
    Pattern method = Pattern.compile("  (public )?void (\\w+)\\(.*");
    Pattern run =
        Pattern.compile("@(\\w*Test|Property|BeforeEach|AfterEach|BeforeAll|AfterAll|Override)\\b");
    int found = 0;
    List<String> lost = new ArrayList<>();
    for (Path file : tests()) {
      String above = "";
      for (String line : Files.readAllLines(file)) {
        if (method.matcher(line).matches()) {
          found++;
          if (!run.matcher(above).find()) {
            lost.add(file.getFileName() + ":" + line);
          }
        }
        above = line.isBlank() ? "" : above + "\n" + line;
      }
    }
    assertEquals(List.of(), lost);
    assertTrue(found > 900, found + " methods of tests were found");
  }

  /** A library says what it was given, in its own words; options and keys belong to the callers. */
  @Test
  void libraryMessagesNameNoOptions() throws IOException {
    Pattern option = Pattern.compile("\".*(?<![\\w#-])--[a-z]|\".*(command line|in a recipe)");
    int read = 0;
    List<String> found = new ArrayList<>();
    for (String module : List.of("core", "data", "eval")) {
      for (Path file : sources(Path.of("..", "samclip-" + module, "src", "main"), ".java")) {
        for (String line : Files.readAllLines(file)) {
          read++;
          if (!line.strip().startsWith("*") && option.matcher(line).find()) {
            found.add(file.getFileName() + ":" + line);
          }
        }
      }
    }
    assertEquals(List.of(), found);
    assertTrue(read > 20_000, read + " lines were read");
  }

  private static List<Path> tests() throws IOException {
    return sources(Path.of(".."), "Test.java").stream()
        .filter(file -> file.toString().contains("samclip-"))
        .toList();
  }

  private static List<Path> sources(Path folder, String ending) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(file -> file.getFileName().toString().endsWith(ending)).sorted().toList();
    }
  }

  @Test
  void onlyTheCommandLineEndsTheProcess() {
    noClasses()
        .that()
        .resideOutsideOfPackage("org.samclip.cli")
        .should()
        .callMethod(System.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "exit", int.class)
        .orShould()
        .callMethod(Runtime.class, "halt", int.class)
        .check(classes);
  }

  @Test
  void nothingIsRandomWithoutASeed() {
    noClasses()
        .should()
        .callConstructor(Random.class)
        .orShould()
        .callConstructor(SplittableRandom.class)
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(ThreadLocalRandom.class)
        .orShould()
        .dependOnClassesThat()
        .areAssignableTo(SecureRandom.class)
        .orShould()
        .callMethod(Math.class, "random")
        .orShould()
        .callMethod(UUID.class, "randomUUID")
        .orShould()
        .callMethod(Collections.class, "shuffle", List.class)
        .because("every random number comes from a stream with a seed of the run")
        .check(classes);
  }
}
