package org.samclip.train.recipe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;
import org.samclip.model.ClipHeadConfig;
import org.samclip.model.Preset;
import org.samclip.train.recipe.LossesSpec.SamLossSpec;
import org.samclip.train.stage.Phase;

class RecipeReaderTest {

  private static final String SMALL =
      """
      name: small
      model: {preset: tiny}
      data:
        scenes: {size: 64, clip: 8, sam: 8, crops: 4, scenes: 4}
      stages:
        - name: probe
          duration: 10 steps
          sources: {clip: {batch_size: 8, resolutions: [224, 448]}}
          optimizer: {lr: 8e-4}
          groups: [{pattern: "clip_head.*"}, {pattern: "*", frozen: true}]
        - name: both
          duration: 2 epochs
          schedule_duration: 3 epochs
          sources:
            clip: {batch_size: 8, resolutions: [224]}
            sam: {batch_size: 2, resolution: 1024}
          lambda: 10
          optimizer: {lr: 4e-5}
          groups: [{pattern: "*", lr_factor: 0.1}]
      """;

  @TempDir Path folder;

  private static Recipe small(String... overrides) {
    return RecipeReader.parse("small.yaml", SMALL, List.of(overrides));
  }

  private static String error(String yaml, String... overrides) {
    return assertThrows(
            UserError.class, () -> RecipeReader.parse("small.yaml", yaml, List.of(overrides)))
        .getMessage();
  }

  private static void assertMentions(String message, String... parts) {
    for (String part : parts) {
      assertTrue(message.contains(part), () -> "'" + part + "' is not in: " + message);
    }
  }

  @Test
  void readsValuesAndFillsInDefaults() {
    Recipe recipe = small();
    StageSpec both = recipe.stages().get(1);
    assertEquals(10, both.lambda());
    assertEquals(new Duration(3, Duration.Unit.EPOCHS), both.plannedDuration());
    assertEquals(4e-5, both.optimizer().lr());
    assertEquals(List.of(0.9, 0.98), both.optimizer().betas());
    assertNull(both.losses().sam().focalAlpha());
    assertEquals(SamLossSpec.Target.SOFT, both.losses().sam().target());
    assertEquals(32, both.sources().sam().masksPerImage());
    assertEquals(224, both.sources().clip().baseResolution());
    assertEquals(ClipHeadConfig.Pool.MAX, recipe.model().clipHead().pool());
    assertEquals("previous", both.start());
    assertEquals(0.1, both.groups().get(0).rateFactor());
    assertEquals(0, recipe.stages().get(0).groups().get(1).rateFactor());
  }

  /** SAM's own shape of the focal loss is not bound by what soft targets need. */
  @Test
  void hardTargetsTakeAnyGamma() {
    SamLossSpec spec =
        small("stages.2.losses.sam={target: hard, focal_gamma: 0.5, focal_alpha: 0.25}")
            .stages()
            .get(1)
            .losses()
            .sam();
    assertEquals(.5, spec.focalGamma());
    assertEquals(.25, spec.focalAlpha());
  }

  @Test
  void overridesByNumberAndByNameAreTheSame() {
    Recipe byNumber = small("stages.2.lambda=100", "evaluation.max_images=7");
    Recipe byName = small("stages.both.lambda=100", "evaluation.max_images=7");
    assertEquals(100, byNumber.stages().get(1).lambda());
    assertEquals(7, byNumber.evaluation().maxImages());
    assertEquals(byNumber, byName);
    assertNotEquals(small().hash(), byNumber.hash());
  }

  @Test
  void modelIsThePresetWithItsOverrides() {
    ModelSpec model =
        small("model.depth=6", "model.global_layers=[2, 5]", "model.clip_head.pool=mean").model();
    var standard = Preset.TINY.encoder();
    var config = model.config(48);
    assertEquals(6, config.encoder().depth());
    assertEquals(List.of(2, 5), config.encoder().globalLayers());
    assertEquals(standard.width(), config.encoder().width());
    assertEquals(standard.patch(), config.encoder().patch());
    assertEquals(new ClipHeadConfig(3, ClipHeadConfig.Pool.MEAN, 48, 1), config.clipHead());
    assertEquals(Preset.TINY.samHead(), config.samHead());
  }

  @Test
  void overridesAreTyped() {
    Recipe recipe =
        small(
            "stages.1.sources.clip.resolutions=[64, 128]",
            "stages.1.sources.clip.resolutions.2=256",
            "stages.1.duration=3 epochs",
            "model.preset=vit-b",
            "name=other",
            "stages.2.schedule_duration=null");
    assertEquals(List.of(64, 256), recipe.stages().get(0).sources().clip().resolutions());
    assertEquals(new Duration(3, Duration.Unit.EPOCHS), recipe.stages().get(0).duration());
    assertEquals(Preset.VIT_B, recipe.model().preset());
    assertEquals("other", recipe.name());
    assertEquals(new Duration(2, Duration.Unit.EPOCHS), recipe.stages().get(1).plannedDuration());
  }

  private static final String BASELINES =
      SMALL
          + """
          baselines:
            - name: alone
              stages: [{like: both, start: probe, sources: {sam: null}, lambda: null}]
            - name: mean
              clip_head: {pool: mean}
              stages: [{like: probe}, {like: both, lambda: 1}]
          """;

  @Test
  void aStageLikeAnotherDiffersInWhatItSaysOnly() {
    Recipe recipe = RecipeReader.parse("small.yaml", BASELINES, List.of("stages.2.lambda=7"));
    StageSpec both = recipe.stage("both");
    StageSpec alone = recipe.baselines().get(0).stages().get(0);
    assertNull(alone.sources().sam());
    assertNull(alone.lambda());
    assertEquals(both.sources().clip(), alone.sources().clip());
    assertEquals(both.duration(), alone.duration());
    assertEquals(both.groups(), alone.groups());
    assertEquals("both", alone.name());
    assertNull(recipe.baselines().get(0).clipHead());
    BaselineSpec mean = recipe.baselines().get(1);
    assertEquals(recipe.stages().get(0), mean.stages().get(0));
    assertEquals(7, both.lambda());
    assertEquals(1, mean.stages().get(1).lambda());
    ModelSpec.ClipHeadSpec head = recipe.model().clipHead();
    assertEquals(
        new ModelSpec.ClipHeadSpec(
            head.layers(), ClipHeadConfig.Pool.MEAN, head.init(), head.denseWindow()),
        mean.clipHead());
    assertEquals(recipe, RecipeReader.parse("again", RecipeWriter.yaml(recipe), List.of()));
  }

  @Test
  void phasesStartWhereTheirStagesSay() {
    Recipe recipe = RecipeReader.parse("small.yaml", BASELINES, List.of());
    Map<String, String> starts = new HashMap<>();
    for (Phase phase : Phase.of(recipe)) {
      starts.put(phase.row(), "" + phase.start());
    }
    assertEquals(
        Map.of(
            "stage1", "null",
            "stage2", "stage1",
            "alone", "stage1",
            "mean-1", "null",
            "mean", "mean-1"),
        starts);
  }

  @Test
  void baselinesStartFromWhatFitsThem() {
    assertMentions(
        error(BASELINES.replace("like: both, start", "like: bosh, start")),
        "'like' of a baseline's stage is \"bosh\"",
        "probe, both");
    // A head that pools otherwise cannot go on from a stage that trained the recipe's own.
    assertMentions(
        error(
            BASELINES.replace(
                "[{like: probe}, {like: both, lambda: 1}]", "[{like: both, start: probe}]")),
        "baselines.2.stages.1.start",
        "'probe'");
  }

  @Test
  void looksAreCountedInSteps() {
    String key = "stages.2.validation=";
    StageSpec stage =
        small(key + "{every: 10 %, metric: box_miou, keep: best, stop_after: 3}").stages().get(1);
    assertEquals(1000, stage.validation().images());
    assertFalse(stage.validation().lowerIsBetter());
    assertMentions(error(SMALL, key + "{every: 10 min}"), "every", "steps, epochs or %");
    assertMentions(error(SMALL, key + "{images: 3}"), "every");
    assertMentions(error(SMALL, key + "{every: 3 steps, stop_after: 0}"), "stop_after");
    assertMentions(error(SMALL, "stages.2.ema=1"), "ema", "below 1");
    assertMentions(error(SMALL, "stages.2.sources.sam.subset=0"), "subset", "above 0");
  }

  @Test
  void unknownKeyNamesPathValueNearestAndAllowed() {
    String message = error(SMALL.replace("schedule_duration", "shedule_duration"));
    assertMentions(
        message,
        "small.yaml: unknown key 'stages.2.shedule_duration'",
        "(value \"3 epochs\")",
        "Did you mean 'schedule_duration'?",
        "Allowed here: cache_features, checkpoint_activations, duration, ema, groups, lambda");
  }

  @Test
  void unknownKeyOfAnOverrideNamesTheOverride() {
    assertMentions(
        error(SMALL, "stages.both.lamda=100"),
        "--set stages.both.lamda=100: unknown key 'stages.2.lamda'",
        "Did you mean 'lambda'?");
    assertMentions(error(SMALL, "stagse.1.lambda=1"), "unknown key 'stagse'", "'stages'");
  }

  @Test
  void farNamesGetNoHint() {
    assertFalse(error(SMALL, "stages.1.zebra=1").contains("Did you mean"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "stages.2.lambda=fast | 'stages.2.lambda' is \"fast\"; allowed: a number",
        "stages.2.lambda=-1 | 'stages.2.lambda' is -1.0; allowed: a finite number of at least 0",
        "stages.2.lambda=.nan | not valid YAML",
        "stages.2.lambda=1e999 | 'stages.2.lambda' is Infinity; allowed: a finite number",
        "stages.1.lambda=1 | 'stages.1.lambda' is 1.0; allowed: nothing, as the stage has no sam",
        "stages.2.lambda=null | 'stages.2.lambda' is missing",
        "stages.2.losses.sam.focal_gamma=.5 | 'stages.2.losses.sam.focal_gamma' is 0.5; allowed: 0, or at least 1, with target: soft (between them",
        "stages.2.losses.sam.focal_alpha=2 | 'stages.2.losses.sam.focal_alpha' is 2.0; allowed: 0 to 1",
        "stages.2.losses.sam.temperature=0 | 'stages.2.losses.sam.temperature' is 0.0; allowed: a finite number above 0",
        "stages.2.losses.sam={target: hard, temperature: 2} | 'stages.2.losses.sam.temperature' is 2.0; allowed: 1 with target: hard",
        "stages.2.losses.sam={focal_weight: 0, dice_weight: 0, iou_weight: 0} | 'stages.2.losses.sam.focal_weight' is 0, as are",
        "stages.2.sources.clip.batch_size=1.5 | 'stages.2.sources.clip.batch_size' is 1.5; allowed: a whole number",
        "stages.2.sources.clip.batch_size=0 | 'stages.2.sources.clip.batch_size' is 0; allowed: a whole number of at least 1",
        "stages.2.sources.clip.resolutions=[225] | 'stages.2.sources.clip.resolutions' is 225; allowed: a multiple of the model's patch, 8",
        "stages.2.sources.clip.resolutions=224 | 'stages.2.sources.clip.resolutions' is 224; allowed: a list",
        "stages.1.duration=500 | 'stages.1.duration' is 500; allowed: a number with its unit: '500 steps', '3 epochs'",
        "stages.1.duration=10 % | 'stages.1.duration' is 10 %; allowed: steps or epochs",
        "stages.1.duration=2 h | 'stages.1.duration' is 2 h; allowed: steps or epochs",
        "stages.1.optimizer.warmup=30 s | 'stages.1.optimizer.warmup' is 30 s; allowed: steps, epochs or %",
        "precision=fp16 | 'precision' is \"fp16\"; allowed: auto, float32, bf16",
        "stages.1=null | 'stages' is with an empty entry; allowed: whole entries",
        "stages.2.schedule_duration=1 epochs | 'stages.2.schedule_duration' is 1 epochs; allowed: at least the duration (2 epochs)",
        "stages.2.start=nowhere | 'stages.2.start' is 'nowhere'; allowed: previous, base or the name of an earlier stage (probe)",
        "stages.2.name=probe | 'stages' is probe twice",
        "stages.3.lambda=1 | 'stages' has no entry '3'; allowed: 1 to 2 or probe, both",
        "stages.bth.lambda=1 | 'stages' has no entry 'bth'; allowed: 1 to 2 or probe, both. Did you mean 'both'?",
        "seed.x=1 | 'seed' is {\"x\":1}; allowed: a whole number",
        "name.x=1 | 'name' is the value \"small\", so it has no key 'x'",
        "model.preset=tinny | 'model.preset' is \"tinny\"; allowed: tiny, vit-b, vit-l, vit-h. Did you mean 'tiny'?",
        "model.preset=1 | 'model.preset' is 1; allowed: tiny",
        "stages.1.groups.2.lr_factor=0.5 | 'stages.1.groups.2.lr_factor' is 0.5; allowed: nothing, as the group is frozen",
        "stages.1.groups.1.frozen=maybe | 'stages.1.groups.1.frozen' is \"maybe\"; allowed: true or false",
        "stages.1.groups=[] | 'stages.1.groups' is empty; allowed: at least one entry",
        "stages.1.optimizer=5 | 'stages.1.optimizer' is 5; allowed: a section of keys",
        "stages.2.sources.sam.resolution=8193 | 'stages.2.sources.sam.resolution' is 8193; allowed: 8 to 8192 pixels",
        "evaluation.semantic_resolutions=[64, 100] | 'evaluation.semantic_resolutions' is 100; allowed: a multiple of the model's patch, 8",
        "evaluation.prompted_resolutions=[] | 'evaluation.prompted_resolutions' is empty; allowed: at least one entry",
        "evaluation.classification_resolutions=[64, 64] | 'evaluation.classification_resolutions' is 64 twice; allowed: each only once",
        "evaluation.background=excluded | 'evaluation.background' is excluded; allowed: text, threshold",
        "evaluation.data={heldout: x} | 'evaluation.data.heldout' is 'x'; allowed: names of classes or of semantic",
        "evaluation.composed.resolution=100 | 'evaluation.composed.resolution' is 100; allowed: a multiple of the model's patch, 8",
        "model.width=130 | 'model.width' is 130; allowed: a multiple of heads (4)",
        "model.depth=2 | 'model.global_layers' is 3; allowed: layers counted from 0, below the depth of 2",
        "model.global_layers=[1] | 'model.global_layers' is [1]; allowed: some with the last layer, 3, as the CLIP head's",
        "model.clip_head.init=last | 'model.clip_head.init' is \"last\"; allowed: last_layer, last_attention, random",
        "device=gpu | 'device' is 'gpu'; allowed: cpu, cuda or cuda:N",
        "data.clip={shards: x} | 'data.scenes' is given beside clip or sam",
        "teachers.clip.config=a.json | 'teachers.clip.config' is 'a.json'; allowed: nothing",
        "seed=99999999999999999999 | 'seed' is 99999999999999999999; allowed: a whole number",
        "stages.1.sources.clip.micro_batch=9 | 'stages.1.sources.clip.micro_batch' is 9; allowed: 1 to batch_size (8)",
        "stages..lambda=1 | has an empty step between dots",
        "stages.1.lambda | allowed: KEY=VALUE",
        "name= | allowed: KEY=VALUE",
      })
  void wrongValuesNameThePathAndWhatIsAllowed(String override, String expected) {
    String message = error(SMALL, override);
    assertMentions(message, "--set " + override, expected);
  }

  @Test
  void missingKeyNamesFileAndPath() {
    assertMentions(
        error(SMALL.replace("duration: 10 steps", "start: base")),
        "small.yaml: missing key 'stages.1.duration'");
    assertMentions(
        error(SMALL.replace("name: small", "seed: 3")), "small.yaml: missing key 'name'");
  }

  @Test
  void refusesWhatIsNotPlainData() {
    assertMentions(error(SMALL + "name: twice\n"), "not valid YAML at line", "name");
    assertMentions(error("name: &x a\ndevice: *x\n"), "line 2", "anchors and aliases");
    assertMentions(error("name: !!java.net.URL [x]\n"), "line 1", "type tags");
    assertMentions(error(SMALL + "---\nname: b\n"), "more than one YAML document");
    assertMentions(error("name: [a\n"), "not valid YAML at line");
    assertMentions(error("[".repeat(5000)), "not valid YAML");
    assertMentions(error(""), "holds nothing");
    assertMentions(error("- a\n"), "holds no keys");
  }

  @Test
  void refusesMissingLargeAndBinaryFiles() throws IOException {
    Path missing = folder.resolve("missing.yaml");
    assertMentions(fileError(missing), missing + ": no such file");
    assertMentions(fileError(folder), "is a folder");
    Path large = Files.write(folder.resolve("large.yaml"), new byte[(1 << 20) + 1]);
    assertMentions(fileError(large), "larger than 1 MB");
    Path binary = Files.write(folder.resolve("binary.yaml"), new byte[] {(byte) 0xff, 0});
    assertMentions(fileError(binary), "not UTF-8");
  }

  private static String fileError(Path file) {
    return assertThrows(UserError.class, () -> RecipeReader.read(file, List.of())).getMessage();
  }

  @Test
  void baseIsMergedBelowAndListEntriesChangeByName() throws IOException {
    Files.writeString(folder.resolve("small.yaml"), SMALL);
    Path child =
        Files.writeString(
            folder.resolve("child.yaml"),
            """
            base: small.yaml
            name: child
            stages:
              both: {lambda: 100, schedule_duration: null}
              1: {duration: 5 steps}
            """);
    Recipe recipe = RecipeReader.read(child, List.of("stages.1.optimizer.lr=1e-3"));
    assertEquals("child", recipe.name());
    assertEquals(100, recipe.stages().get(1).lambda());
    assertEquals("2 epochs", recipe.stages().get(1).plannedDuration().toString());
    assertEquals("5 steps", recipe.stages().get(0).duration().toString());
    assertEquals(1e-3, recipe.stages().get(0).optimizer().lr());
  }

  /** As Windows programs save text; PyYAML reads all three. */
  @ParameterizedTest
  @ValueSource(strings = {"UTF-8", "UTF-16LE", "UTF-16BE"})
  void aByteOrderMarkIsNoPartOfARecipe(String charset) throws IOException {
    Path file = folder.resolve("small.yaml");
    Files.write(file, ("\uFEFF" + SMALL.replace("\n", "\r\n")).getBytes(Charset.forName(charset)));
    Path plain = Files.writeString(folder.resolve("plain.yaml"), SMALL);
    assertEquals(RecipeReader.read(plain, List.of()), RecipeReader.read(file, List.of()));
  }

  @Test
  void errorsNameTheFileThatSetsTheValue() throws IOException {
    Path parent =
        Files.writeString(folder.resolve("small.yaml"), SMALL.replace("lr: 8e-4", "lr: -1"));
    Path child =
        Files.writeString(
            folder.resolve("child.yaml"),
            "base: small.yaml\nstages: {both: {lamda: 1}, probe: {duration: 1 steps}}\n");
    assertMentions(fileError(child), parent + ": 'stages.1.optimizer.lr' is -1");
    Files.writeString(parent, SMALL);
    assertMentions(fileError(child), child + ": unknown key 'stages.2.lamda'");
  }

  @Test
  void basesInACircleAreRefused() throws IOException {
    Path a = Files.writeString(folder.resolve("a.yaml"), "base: b.yaml\n");
    Files.writeString(folder.resolve("b.yaml"), "base: a.yaml\n");
    assertMentions(fileError(a), "'base' leads in a circle", "a.yaml -> ", "b.yaml -> ");
  }

  @Test
  void resolvedRecipeReadsBackEqual() {
    Recipe recipe = small("name=true_", "data.scenes.dir='1e3'", "stages.1.duration=1.5 epochs");
    String yaml = RecipeWriter.yaml(recipe);
    Recipe again = RecipeReader.parse("resolved.yaml", yaml, List.of());
    assertEquals(recipe, again);
    assertEquals(recipe.hash(), again.hash());
    assertTrue(yaml.startsWith("# Resolved recipe " + recipe.hash()));
    assertFalse(yaml.contains("null"));
  }

  @Test
  void hashDependsOnValuesNotOnTheirForm() {
    Recipe other =
        RecipeReader.parse(
            "x",
            SMALL.replace("8e-4", "0.0008").replace("lambda: 10", "lambda: 10.0")
                + "seed: 0\ndevice: cpu\n",
            List.of());
    assertEquals(small().hash(), other.hash());
    assertTrue(other.hash().matches("[0-9a-f]{64}"));
  }

  private static final String MIXED = "data={clip: {mix: [%s]}, sam: {shards: sam}}";

  @Test
  void readsAMixtureAndWritesItBack() {
    String two = "{name: cc3m, shards: a.tar, weight: 2}, {name: yfcc, shards: b.tar, weight: 0.5}";
    Recipe recipe = small("data.scenes=null", String.format(MIXED, two));
    // Recipes without a mixture keep their hash, by which runs are resumed.
    Recipe plain = small("data={clip: {shards: a.tar}, sam: {shards: sam}}");
    assertFalse(RecipeWriter.yaml(plain).contains("mix"));
    DataSpec.MixSpec first = recipe.data().clip().mix().get(0);
    assertEquals("cc3m", first.name());
    assertEquals(2, first.weight());
    assertEquals(1, first.subset());
    assertEquals(
        recipe.hash(), RecipeReader.parse("again", RecipeWriter.yaml(recipe), List.of()).hash());
  }

  @Test
  void refusesMixturesThatCannotBe() {
    for (String weight : new String[] {"0", "-1"}) {
      String one = "{name: a, shards: a.tar, weight: " + weight + "}";
      assertMentions(error(SMALL, String.format(MIXED, one)), "data.clip.mix", "weight", "above 0");
    }
    String twice = "{name: a, shards: a.tar}, {name: a, shards: b.tar}";
    assertMentions(error(SMALL, String.format(MIXED, twice)), "data.clip.mix", "a twice");
    String half = "{name: a, shards: a.tar, weight: 1}, {name: b, shards: b.tar}";
    assertMentions(
        error(SMALL, String.format(MIXED, half)), "data.clip.mix", "1 of 2 entries have a weight");
    assertMentions(error(SMALL, String.format(MIXED, "")), "data.clip.mix", "at least one entry");
    String wrong = "{name: a, shards: a.tar, source: webdatasets}";
    assertMentions(
        error(SMALL, String.format(MIXED, wrong)),
        "data.clip.mix.1.source",
        "webdatasets",
        "Did you mean 'webdataset'");
    String options =
        "data={clip: {mix: [{name: a, shards: b.tar}], options: {annotations: a.json}}}";
    assertMentions(error(SMALL, options), "data.clip.options", "beside mix");
    assertMentions(
        error(SMALL, "data={clip: {shards: a.tar, mix: [{name: a, shards: b.tar}]}}"),
        "data.clip.shards",
        "beside mix");
  }

  private static final String OWN = "data={clip: {shards: a, %s}, sam: {shards: sam}}";

  @Test
  void readsTheSettingsOfAFormatAndWritesThemBack() {
    Recipe recipe =
        small(
            "data={clip: {source: parquet, shards: a, options: {image: img, text: alt}},"
                + " sam: {mix: [{name: voc, source: label-maps, shards: b,"
                + " options: {ignore: 0, reduce_zero_label: true}}]}}");
    assertEquals(Map.of("image", "img", "text", "alt"), recipe.data().clip().options());
    assertEquals(
        Map.of("ignore", "0", "reduce_zero_label", "true"),
        recipe.data().sam().mix().get(0).options());
    Recipe again = RecipeReader.parse("again", RecipeWriter.yaml(recipe), List.of());
    assertEquals(recipe.data(), again.data());
    assertEquals(recipe.hash(), again.hash());
    Recipe other = small(String.format(OWN, "subset: 1"), "data.clip.options={text: caption}");
    assertEquals(Map.of("text", "caption"), other.data().clip().options());
    assertMentions(
        error(SMALL, String.format(OWN, "options: [img]")),
        "'data.clip.options' is [\"img\"]; allowed: a section of keys");
  }

  @Test
  void unknownFormatsNameTheKnownOnesAndTheNearest() {
    assertMentions(
        error(SMALL, String.format(OWN, "source: parqet")),
        "'data.clip.source' is parqet; allowed here: coco, image-folder, label-maps, parquet, sa1b,"
            + " webdataset. Did you mean 'parquet'?");
    String far = error(SMALL, String.format(OWN, "source: video"));
    assertMentions(far, "'data.clip.source' is video; allowed here: coco, image-folder");
    assertFalse(far.contains("Did you mean"), far);
    // Formats without masks are none for D_SAM.
    for (String format : new String[] {"parquet", "webdataset", "sa1"}) {
      String message =
          error(SMALL, "data={clip: {shards: a}, sam: {source: " + format + ", shards: b}}");
      assertMentions(
          message,
          "'data.sam.source' is " + format + "; allowed here: coco, label-maps, sa1b.",
          format.equals("sa1") ? "Did you mean 'sa1b'?" : "");
    }
  }

  @Test
  void temporaryFilesHaveALimitAboveNothing() {
    assertEquals(32, small().data().spoolGib());
    assertEquals(0.5, small("data.spool_gib=0.5").data().spoolGib());
    for (String wrong : new String[] {"0", "-1", "1e999"}) {
      assertMentions(
          error(SMALL, "data.spool_gib=" + wrong),
          "--set data.spool_gib=" + wrong,
          "'data.spool_gib' is",
          "allowed: a finite number");
    }
    assertMentions(
        error(SMALL, "data.spool_gib=32 GiB"), "'data.spool_gib' is \"32 GiB\"; allowed: a number");
    assertMentions(error(SMALL, "data.spool_gb=1"), "unknown key 'data.spool_gb'", "'spool_gib'");
  }

  @Test
  void weightsKeysChooseAmongModelsInAFile() {
    Recipe recipe =
        small(
            "teachers={sam: {weights: a.pt, weights_key: model_ema},"
                + " clip: {weights: b.pt, weights_key: state_dict.teacher}}");
    assertEquals("model_ema", recipe.teachers().sam().weightsKey());
    assertEquals("state_dict.teacher", recipe.teachers().clip().weightsKey());
    for (String teacher : List.of("sam", "clip")) {
      assertMentions(
          error(SMALL, "teachers." + teacher + ".weights_key=model"),
          "teachers." + teacher + ".weights_key",
          "embedded");
    }
  }
}
