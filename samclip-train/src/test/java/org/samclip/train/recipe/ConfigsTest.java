package org.samclip.train.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.model.ClipHead;
import org.samclip.model.ClipHeadConfig;
import org.samclip.train.recipe.LossesSpec.SamLossSpec;

/** The merge recipes that are shipped. */
class ConfigsTest {

  private static final Path CONFIGS = Path.of("..", "configs");

  static List<Path> configs() throws IOException {
    try (Stream<Path> files = Files.list(CONFIGS)) {
      List<Path> found = files.filter(ConfigsTest::isMergeRecipe).sorted().toList();
      assertTrue(found.size() >= 4, () -> "configs are missing: " + found);
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

  private static StageSpec last(Recipe recipe, String baseline) {
    BaselineSpec found =
        recipe.baselines().stream().filter(b -> b.name().equals(baseline)).findFirst().get();
    return found.stages().get(found.stages().size() - 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"quickstart.yaml", "reference.yaml"})
  void baselinesSeeAsMuchAsTheMerge(String config) {
    Recipe recipe = read(config);
    double steps = recipe.stages().stream().mapToDouble(s -> s.duration().amount()).sum();
    assertEquals(steps, last(recipe, "naive-kd").duration().amount());
    StageSpec merged = recipe.stage("multi_task");
    StageSpec alone = last(recipe, "no-replay");
    assertEquals(merged.duration(), alone.duration());
    assertEquals(merged.sources().clip(), alone.sources().clip());
    assertEquals(merged.optimizer(), alone.optimizer());
    assertEquals(merged.name(), alone.name(), "the order of the data follows from it");
    assertNull(alone.sources().sam());
  }

  @Test
  void ablationsDifferFromStage2InOneThing() {
    Recipe recipe = read("reference.yaml");
    StageSpec merged = recipe.stage("multi_task");
    assertEquals(10, merged.lambda());
    Map<String, UnaryOperator<StageSpec>> changes =
        Map.of(
            "lambda-1", stage -> changed(stage, merged.start(), merged.sources(), 1),
            "lambda-100", stage -> changed(stage, merged.start(), merged.sources(), 100),
            "replay-30", stage -> changed(stage, merged.start(), replay(merged, .3), 10),
            "replay-10", stage -> changed(stage, merged.start(), replay(merged, .1), 10),
            "replay-3", stage -> changed(stage, merged.start(), replay(merged, .03), 10),
            "no-stage1", stage -> changed(stage, "base", merged.sources(), 10),
            "mean-pool", UnaryOperator.identity(),
            "init-attention", UnaryOperator.identity(),
            "init-random", UnaryOperator.identity());
    changes.forEach(
        (name, change) -> {
          StageSpec own = last(recipe, name);
          // From the recipe's stage 1, or from one of their own like it.
          StageSpec expected = change.apply(changed(merged, "previous", merged.sources(), 10));
          String start = own.start().equals("head_probing") ? "previous" : own.start();
          assertEquals(
              changed(expected, expected.start(), expected.sources(), expected.lambda()),
              changed(own, start, own.sources(), own.lambda()),
              name);
        });
    BaselineSpec mean =
        recipe.baselines().stream().filter(b -> b.name().equals("mean-pool")).findFirst().get();
    ModelSpec.ClipHeadSpec head = recipe.model().clipHead();
    assertEquals(
        new ModelSpec.ClipHeadSpec(
            head.layers(), ClipHeadConfig.Pool.MEAN, head.init(), head.denseWindow()),
        mean.clipHead());
    assertEquals(recipe.stages().get(0), mean.stages().get(0));
  }

  private static SourcesSpec replay(StageSpec stage, double subset) {
    SourcesSpec.SamSourceSpec sam = stage.sources().sam();
    return new SourcesSpec(
        stage.sources().clip(),
        new SourcesSpec.SamSourceSpec(
            sam.batchSize(),
            sam.microBatch(),
            sam.resolution(),
            sam.masksPerImage(),
            sam.prompts(),
            subset));
  }

  /** Without looks: they change nothing of what is trained. */
  private static StageSpec changed(
      StageSpec stage, String start, SourcesSpec sources, double lambda) {
    return new StageSpec(
        stage.name(),
        start,
        stage.duration(),
        stage.scheduleDuration(),
        sources,
        lambda,
        stage.losses(),
        stage.optimizer(),
        stage.groups(),
        null,
        stage.ema(),
        stage.cacheFeatures(),
        stage.checkpointActivations());
  }
}
