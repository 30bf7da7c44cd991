package org.samclip.train.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

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
      FeedSpec images = stage.epochFeed();
      assertEquals("images", images.data());
      assertEquals(2048, images.batchSize());
      assertEquals(224, images.baseSide());
      ObjectiveSpec clip = images.objectives().get("clip");
      assertEquals(Map.of("cosine", TermSpec.of(1)), clip.loss());
      assertEquals(1, clip.weight());
    }
    FeedSpec masks = multiTask.feeds().get("masks");
    assertEquals(32, masks.batchSize());
    assertEquals(new PromptsSpec(32, .5, .1, 20, .9, 1), masks.prompts());
    assertEquals(List.of(1024), masks.resolutions());
    ObjectiveSpec sam = masks.objectives().get("sam");
    assertEquals(10, sam.weight());
    TermSpec focal = new TermSpec(20, null, 2., .25, null, null);
    assertEquals(Map.of("focal", focal, "dice", TermSpec.of(1), "iou", TermSpec.of(1)), sam.loss());
    assertEquals(ObjectiveSpec.Target.SOFT, sam.target());
    assertEquals(ObjectiveSpec.Multimask.BEST, sam.multimask());
    assertEquals(List.of(224, 448), probing.epochFeed().resolutions());
    assertEquals(List.of(224, 448, 1024), adaptation.epochFeed().resolutions());
    HeadSpec head = recipe.student().heads().get("clip_head");
    assertEquals("last_layer", head.init());
    assertEquals("{\"dense_window\":1,\"layers\":3,\"pool\":\"max\"}", "" + head.section());
    assertEquals(0.057, recipe.data().sources().get("masks").subset());
    assertEquals(0.01, recipe.data().sources().get("images").holdOut());
    GroupSpec encoder =
        multiTask.groups().stream()
            .filter(g -> NamePattern.of(g.pattern()).matches("image_encoder.pos_embed"))
            .findFirst()
            .orElseThrow();
    assertEquals(0.1, encoder.rateFactor());
  }

  private static BaselineSpec baseline(Recipe recipe, String name) {
    return recipe.baselines().stream().filter(b -> b.name().equals(name)).findFirst().get();
  }

  private static StageSpec last(Recipe recipe, String baseline) {
    BaselineSpec found = baseline(recipe, baseline);
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
    assertEquals(merged.feeds().get("images"), alone.feeds().get("images"));
    assertEquals(merged.optimizer(), alone.optimizer());
    assertEquals(merged.name(), alone.name(), "the order of the data follows from it");
    assertEquals(Set.of("images"), alone.feeds().keySet());
  }

  @Test
  void ablationsDifferFromStage2InOneThing() {
    Recipe recipe = read("reference.yaml");
    StageSpec merged = recipe.stage("multi_task");
    FeedSpec masks = merged.feeds().get("masks");
    assertEquals(10, masks.objectives().get("sam").weight());
    Map<String, FeedSpec> changes =
        Map.of(
            "lambda-1", weighted(masks, 1),
            "lambda-100", weighted(masks, 100),
            "replay-30", subset(masks, .3),
            "replay-10", subset(masks, .1),
            "replay-3", subset(masks, .03),
            "no-stage1", masks,
            "mean-pool", masks,
            "init-attention", masks,
            "init-random", masks);
    changes.forEach(
        (name, feed) -> {
          StageSpec own = last(recipe, name);
          Map<String, FeedSpec> feeds =
              Map.of("images", merged.feeds().get("images"), "masks", feed);
          // From the recipe's stage 1, or from one of their own like it.
          String start = name.equals("no-stage1") ? "base" : "previous";
          String written = own.start().equals("head_probing") ? "previous" : own.start();
          assertEquals(changed(merged, start, feeds), changed(own, written, own.feeds()), name);
        });
    BaselineSpec mean = baseline(recipe, "mean-pool");
    HeadSpec head = recipe.student().heads().get("clip_head");
    HeadSpec changed = mean.student().heads().get("clip_head");
    assertEquals(TextNode.valueOf("max"), head.sizes().get("pool"));
    Map<String, JsonNode> sizes = new HashMap<>(head.sizes());
    sizes.put("pool", TextNode.valueOf("mean"));
    assertEquals(new HeadSpec(head.kind(), head.to(), head.from(), head.init(), sizes), changed);
    assertEquals(recipe.student().backbone(), mean.student().backbone());
    assertEquals(recipe.stages().get(0), mean.stages().get(0));
    HeadSpec random = baseline(recipe, "init-random").student().heads().get("clip_head");
    assertEquals(new HeadSpec(head.kind(), head.to(), null, "random", head.sizes()), random);
  }

  /** Forms of SAM's loss, each a change of one objective. */
  @Test
  void lossAblationsChangeTheLossOnly() {
    Recipe recipe = read("ablation-losses.yaml");
    StageSpec merged = recipe.stage("multi_task");
    ObjectiveSpec plain = merged.feeds().get("masks").objectives().get("sam");
    assertEquals(Map.of("focal", TermSpec.of(1), "iou", TermSpec.of(1)), plain.loss());
    Map<String, Map<String, TermSpec>> losses =
        Map.of(
            "weight-5", Map.of("focal", TermSpec.of(5), "iou", TermSpec.of(1)),
            "weight-20", Map.of("focal", TermSpec.of(20), "iou", TermSpec.of(1)),
            "quality-focal",
                Map.of("focal", new TermSpec(20, null, 2., null, null, null), "iou", one()),
            "with-dice", Map.of("focal", one(), "dice", one(), "iou", one()),
            "best-of-three", plain.loss(),
            "no-iou", Map.of("focal", one()),
            "temperature-4", plain.loss(),
            "hard",
                Map.of(
                    "focal", new TermSpec(20, null, 2., .25, null, null),
                    "dice", one(),
                    "iou", one()));
    assertEquals(losses.size(), recipe.baselines().size());
    losses.forEach(
        (name, loss) -> {
          StageSpec own = last(recipe, name);
          ObjectiveSpec sam = own.feeds().get("masks").objectives().get("sam");
          assertEquals(loss, sam.loss(), name);
          assertEquals(name.equals("temperature-4") ? 4 : 1, sam.temperature());
          assertEquals(
              name.equals("hard") ? ObjectiveSpec.Target.HARD : ObjectiveSpec.Target.SOFT,
              sam.target());
          assertEquals(
              name.equals("hard") || name.equals("best-of-three")
                  ? ObjectiveSpec.Multimask.BEST
                  : ObjectiveSpec.Multimask.ALL,
              sam.multimask());
          Map<String, FeedSpec> feeds = new HashMap<>(own.feeds());
          feeds.put("masks", with(feeds.get("masks"), plain));
          assertEquals(
              changed(merged, "head_probing", merged.feeds()),
              changed(own, own.start(), feeds),
              name);
        });
  }

  private static TermSpec one() {
    return TermSpec.of(1);
  }

  private static FeedSpec weighted(FeedSpec feed, double weight) {
    ObjectiveSpec o = feed.objectives().get("sam");
    return with(
        feed,
        new ObjectiveSpec(
            o.head(),
            o.teacher(),
            weight,
            o.loss(),
            o.standardise(),
            o.grid(),
            o.balance(),
            o.texts(),
            o.target(),
            o.temperature(),
            o.multimask()));
  }

  private static FeedSpec with(FeedSpec feed, ObjectiveSpec sam) {
    return copy(feed, feed.subset(), Map.of("sam", sam));
  }

  private static FeedSpec subset(FeedSpec feed, double subset) {
    return copy(feed, subset, feed.objectives());
  }

  private static FeedSpec copy(FeedSpec f, double subset, Map<String, ObjectiveSpec> objectives) {
    return new FeedSpec(
        f.data(),
        f.batchSize(),
        f.microBatch(),
        f.resolutions(),
        f.baseResolution(),
        f.draw(),
        f.fit(),
        f.crop(),
        f.views(),
        subset,
        f.augment(),
        f.prompts(),
        f.sides(),
        f.shift(),
        f.dropTeachers(),
        objectives);
  }

  /** Without looks: they change nothing of what is trained. */
  private static StageSpec changed(StageSpec stage, String start, Map<String, FeedSpec> feeds) {
    return new StageSpec(
        stage.name(),
        start,
        stage.duration(),
        stage.scheduleDuration(),
        feeds,
        stage.optimizer(),
        stage.groups(),
        null,
        stage.ema(),
        stage.cacheFeatures(),
        stage.checkpointActivations());
  }

  /** What a teacher of SAM's kind was trained with is SAM's own loss. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "pretrain-clip.yaml",
        "pretrain-dino.yaml",
        "pretrain-sam.yaml",
        "pretrain-sam-2.yaml",
        "pretrain-sam-3.yaml"
      })
  void pretrainingRecipesAreRead(String config) throws IOException {
    Path file = CONFIGS.resolve(config);
    PretrainRecipe recipe = RecipeReader.readPretraining(file, List.of());
    boolean clip = config.contains("clip");
    assertEquals(clip, recipe.clip() != null);
    boolean vit = config.contains("dino");
    assertEquals(vit, recipe.vit() != null);
    assertEquals(!clip && !vit, recipe.sam() != null);
    String command = "./samclip pretrain configs/" + config;
    assertTrue(Files.readString(file).contains(command), "no command in " + file);
    ObjectiveSpec objective = recipe.stage().epochFeed().objectives().values().iterator().next();
    double focal = clip || vit ? 0 : config.equals("pretrain-sam.yaml") ? 20 : 4;
    assertEquals(focal, objective.weightOf("focal"));
    assertEquals(clip ? 1 : 0, objective.weightOf("contrastive"));
  }
}
