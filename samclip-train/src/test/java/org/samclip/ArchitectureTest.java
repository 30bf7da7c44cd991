package org.samclip;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import java.security.SecureRandom;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
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
            "org.samclip.clip..",
            "org.samclip.model..",
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
