package org.samclip.train.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.samclip.model.ClipHead;
import org.samclip.model.ClipHeadConfig;
import org.samclip.train.recipe.LossesSpec.SamLossSpec;

/** The merge recipes that are shipped. */
class ConfigsTest {

  private static final Path CONFIGS = Path.of("..", "configs");

  static List<Path> configs() throws IOException {
    try (Stream<Path> files = Files.list(CONFIGS)) {
      List<Path> found = files.filter(ConfigsTest::isMergeRecipe).sorted().toList();
      assertTrue(found.size() >= 7, () -> "configs are missing: " + found);
      return found;
    }
  }

  /** The teachers' own recipes have another form. */
  private static boolean isMergeRecipe(Path file) {
    String name = file.getFileName().toString();
    return name.endsWith(".yaml") && !name.startsWith("pretrain-");
  }

  private static Recipe read(String name) {
    return RecipeReader.read(CONFIGS.resolve(name), List.of());
  }

  @ParameterizedTest
  @MethodSource("configs")
  void everyConfigIsReadNamesItselfAndGivesItsCommand(Path file) throws IOException {
    String fileName = file.getFileName().toString();
    Recipe recipe = RecipeReader.read(file, List.of());
    assertEquals(fileName, recipe.name() + ".yaml");
    String text = Files.readString(file);
    assertTrue(text.startsWith("# "));
    assertTrue(text.contains("./samclip merge configs/" + fileName), "no command in " + file);
    assertEquals(recipe, RecipeReader.parse("again", RecipeWriter.yaml(recipe), List.of()));
  }

  @Test
  void paperRecipeHasThePapersNumbers() {
    Recipe recipe = read("sam-clip-vit-b.yaml");
    StageSpec probing = recipe.stages().get(0);
    StageSpec multiTask = recipe.stages().get(1);
    StageSpec adaptation = recipe.stages().get(2);
    assertEquals(3, recipe.stages().size());
    assertEquals(
        List.of("20 epochs", "16 epochs", "3 epochs"),
        recipe.stages().stream().map(s -> s.duration().toString()).toList());
    assertEquals("20 epochs", multiTask.plannedDuration().toString());
    assertEquals(
        List.of(8e-4, 4e-5, 8e-4), recipe.stages().stream().map(s -> s.optimizer().lr()).toList());
    for (StageSpec stage : recipe.stages()) {
      assertEquals(2048, stage.sources().clip().batchSize());
    }
    assertEquals(32, multiTask.sources().sam().batchSize());
    assertEquals(32, multiTask.sources().sam().masksPerImage());
    assertEquals(1024, multiTask.sources().sam().resolution());
    assertEquals(10, multiTask.lambda());
    assertEquals(
        new SamLossSpec(20, 1, .25, 2, 1, 1, SamLossSpec.Target.SOFT, SamLossSpec.Multimask.BEST),
        multiTask.losses().sam());
    assertEquals(List.of(224, 448), probing.sources().clip().resolutions());
    assertEquals(List.of(224, 448, 1024), adaptation.sources().clip().resolutions());
    assertEquals(ClipHead.Init.LAST_LAYER, recipe.model().clipHead().init());
    assertEquals(0.057, recipe.data().sam().subset());
    assertEquals(0.01, recipe.data().clip().holdOut());
    GroupSpec encoder =
        multiTask.groups().stream()
            .filter(g -> NamePattern.of(g.pattern()).matches("image_encoder.pos_embed"))
            .findFirst()
            .orElseThrow();
    assertEquals(0.1, encoder.rateFactor());
  }

  @Test
  void ablationsDifferFromTheQuickstartInOneThing() {
    Recipe quickstart = read("quickstart.yaml");
    assertEquals(10, quickstart.stage("multi_task").lambda());
    assertEquals(1, read("lambda-1.yaml").stage("multi_task").lambda());
    assertEquals(100, read("lambda-100.yaml").stage("multi_task").lambda());
    assertEquals(quickstart.stages(), read("mean-pool.yaml").stages());
    assertEquals(ClipHeadConfig.Pool.MEAN, read("mean-pool.yaml").model().clipHead().pool());
    assertEquals(quickstart.baselines().get(0).stages(), read("naive-kd.yaml").stages());
  }
}
