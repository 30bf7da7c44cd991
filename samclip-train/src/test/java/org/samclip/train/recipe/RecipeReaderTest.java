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
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;
import org.samclip.eval.protocol.KnnProtocol;
import org.samclip.model.Preset;

class RecipeReaderTest {

  /** Two teachers, two heads, two stages. */
  static final String SMALL =
      """
      name: small
      student:
        backbone: {from: sam, preset: tiny}
        heads:
          masks: {kind: mask-decoder, from: sam}
          clip_head: {kind: clip-head, to: clip.summary, init: last_layer}
        text: {from: clip, head: clip_head}
      teachers:
        sam: {weights: "embedded:tiny-sam"}
        clip: {weights: "embedded:tiny-clip"}
      data:
        scenes: {size: 64, images: 8, masks: 8, crops: 4, scenes: 4}
      stages:
        - name: probe
          duration: 10 steps
          feeds:
            images:
              data: images
              batch_size: 8
              resolutions: [224, 448]
              objectives:
                clip: {head: clip_head, teacher: clip.summary, loss: {cosine: 1}}
          optimizer: {lr: 8e-4}
          groups: [{pattern: "clip_head.*"}, {pattern: "*", frozen: true}]
        - name: both
          duration: 2 epochs
          schedule_duration: 3 epochs
          feeds:
            images:
              data: images
              batch_size: 8
              resolutions: [224]
              objectives:
                clip: {head: clip_head, teacher: clip.summary, loss: {cosine: 1}}
            masks:
              data: masks
              batch_size: 2
              resolutions: [1024]
              prompts: {per_image: 32}
              objectives:
                sam:
                  head: masks
                  teacher: sam.masks
                  loss: {focal: 20, dice: 1, iou: 1}
                  weight: 10
          optimizer: {lr: 4e-5}
          groups: [{pattern: "*", lr_factor: 0.1}]
      """;

  static final String SAM = "stages.2.feeds.masks.objectives.sam";

  @TempDir Path folder;

  static Recipe small(String... overrides) {
    return RecipeReader.parse("small.yaml", SMALL, List.of(overrides));
  }

  static String error(String yaml, String... overrides) {
    return assertThrows(
            UserError.class, () -> RecipeReader.parse("small.yaml", yaml, List.of(overrides)))
        .getMessage();
  }

  static void assertMentions(String message, String... parts) {
    for (String part : parts) {
      assertTrue(message.contains(part), () -> "'" + part + "' is not in: " + message);
    }
  }

  private static ObjectiveSpec sam(Recipe recipe) {
    return recipe.stages().get(1).feeds().get("masks").objectives().get("sam");
  }

  @Test
  void readsValuesAndFillsInDefaults() {
    Recipe recipe = small();
    StageSpec both = recipe.stages().get(1);
    assertEquals(new Duration(3, Duration.Unit.EPOCHS), both.plannedDuration());
    assertEquals(4e-5, both.optimizer().lr());
    assertEquals(List.of(0.9, 0.98), both.optimizer().betas());
    assertEquals("previous", both.start());
    assertEquals(0.1, both.groups().get(0).rateFactor());
    assertEquals(0, recipe.stages().get(0).groups().get(1).rateFactor());
    assertEquals(List.of("images", "masks"), List.copyOf(both.feeds().keySet()));
    FeedSpec images = both.feeds().get("images");
    assertEquals(224, images.baseSide());
    assertEquals(FeedSpec.Draw.ONE, images.draw());
    assertFalse(images.padded());
    assertEquals(images, both.epochFeed());
    FeedSpec masks = both.feeds().get("masks");
    assertTrue(masks.padded());
    assertEquals(new PromptsSpec(32, .5, .1, 20, .9, 1), masks.prompts());
    ObjectiveSpec sam = sam(recipe);
    assertEquals(10, sam.weight());
    assertEquals(1, images.objectives().get("clip").weight());
    assertEquals(TermSpec.of(20), sam.loss().get("focal"));
    assertNull(sam.loss().get("focal").alpha());
    assertNull(sam.target());
    assertEquals(new OutputName("sam", "masks"), sam.teacher());
    assertEquals(new OutputName("masks", null), sam.head());
    HeadSpec head = recipe.student().heads().get("clip_head");
    assertEquals("{\"dense_window\":1,\"layers\":3,\"pool\":\"max\"}", "" + head.section());
    assertEquals(Map.of(), recipe.student().heads().get("masks").sizes());
  }

  /** SAM's own shape of the focal loss is not bound by what soft targets need. */
  @Test
  void hardTargetsTakeAnyGamma() {
    ObjectiveSpec spec =
        sam(
            small(
                SAM + ".target=hard",
                SAM + ".loss.focal={weight: 20, gamma: 0.5, alpha: 0.25}",
                SAM + ".loss.iou=null"));
    TermSpec focal = spec.loss().get("focal");
    assertEquals(20, focal.weight());
    assertEquals(.5, focal.gamma());
    assertEquals(.25, focal.alpha());
    assertEquals(0, spec.weightOf("iou"));
  }

  @Test
  void protocolsAreEntriesWithNamesOfOnesOwn() {
    Recipe recipe =
        small(
            "evaluation.protocols={classify: {teacher: clip, resolutions: [64, 128]}, dino:"
                + " {protocol: knn, teacher: clip, resolutions: [64], k: 10}}",
            "evaluation.protocols.classify.templates=brief");
    List<ProtocolSpec> entries = recipe.evaluation().protocols().entries();
    assertEquals(List.of("classify", "dino"), entries.stream().map(ProtocolSpec::name).toList());
    assertEquals("zeroshot_top1", entries.get(0).column("zeroshot_top1", 64));
    assertEquals("zeroshot_top1_128", entries.get(0).column("zeroshot_top1", 128));
    assertEquals("dino_knn_top1", entries.get(1).column("knn_top1", 64));
    assertEquals(
        new KnnProtocol.Options("summary", "summary", 10, .07), entries.get(1).choice().options());
    assertEquals(List.of("clip"), recipe.evaluation().teachers());
    // What was not given is in the resolved recipe all the same.
    String yaml = RecipeWriter.yaml(recipe);
    assertTrue(yaml.contains("temperature: 0.07"), yaml);
    assertEquals(recipe, RecipeReader.parse("again", yaml, List.of()));
    assertEquals(recipe.hash(), RecipeReader.parse("again", yaml, List.of()).hash());
    assertNotEquals(
        recipe.hash(),
        RecipeReader.parse("other", yaml, List.of("evaluation.protocols.dino.k=20")).hash());
  }

  @Test
  void overridesByNumberAndByNameAreTheSame() {
    Recipe byNumber = small("stages.2.ema=0.5", "evaluation.max_images=7");
    Recipe byName = small("stages.both.ema=0.5", "evaluation.max_images=7");
    assertEquals(.5, byNumber.stages().get(1).ema());
    assertEquals(7, byNumber.evaluation().maxImages());
    assertEquals(byNumber, byName);
    assertNotEquals(small().hash(), byNumber.hash());
  }

  @Test
  void overridesAreTyped() {
    Recipe recipe =
        small(
            "stages.1.feeds.images.resolutions=[64, 128]",
            "stages.1.feeds.images.resolutions.2=256",
            "stages.1.duration=3 epochs",
            "student.backbone.preset=vit-b",
            "name=other",
            "stages.2.schedule_duration=null");
    assertEquals(List.of(64, 256), recipe.stages().get(0).epochFeed().resolutions());
    assertEquals(new Duration(3, Duration.Unit.EPOCHS), recipe.stages().get(0).duration());
    assertEquals(Preset.VIT_B, recipe.student().backbone().preset());
    assertEquals("other", recipe.name());
    assertEquals(new Duration(2, Duration.Unit.EPOCHS), recipe.stages().get(1).plannedDuration());
  }

  @Test
  void looksAreCountedInSteps() {
    String key = "stages.2.validation=";
    StageSpec stage =
        small(key + "{every: 10 %, metric: box_miou, keep: best, stop_after: 3}").stages().get(1);
    assertEquals(1000, stage.validation().images());
    assertFalse(stage.validation().isLoss());
    assertMentions(error(SMALL, key + "{every: 10 min}"), "every", "steps, epochs or %");
    assertMentions(error(SMALL, key + "{images: 3}"), "every");
    assertMentions(error(SMALL, key + "{every: 3 steps, stop_after: 0}"), "stop_after");
    assertMentions(error(SMALL, "stages.2.ema=1"), "ema", "below 1");
    assertMentions(error(SMALL, "stages.2.feeds.masks.subset=0"), "subset", "above 0");
  }

  @Test
  void unknownKeyNamesPathValueNearestAndAllowed() {
    String message = error(SMALL.replace("schedule_duration", "shedule_duration"));
    assertMentions(
        message,
        "small.yaml: unknown key 'stages.2.shedule_duration'",
        "(value \"3 epochs\")",
        "Did you mean 'schedule_duration'?",
        "Allowed here: cache_features, checkpoint_activations, duration, ema, feeds, groups");
  }

  @Test
  void unknownKeyOfAnOverrideNamesTheOverride() {
    assertMentions(
        error(SMALL, "stages.both.emma=1"),
        "--set stages.both.emma=1: unknown key 'stages.2.emma'",
        "Did you mean 'ema'?");
    assertMentions(error(SMALL, "stagse.1.ema=1"), "unknown key 'stagse'", "'stages'");
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
        "stages.2.feeds.masks.objectives.sam.weight=fast | 'stages.2.feeds.masks.objectives.sam.weight' is \"fast\"; allowed: a number",
        "stages.2.feeds.masks.objectives.sam.weight=-1 | 'stages.2.feeds.masks.objectives.sam.weight' is -1.0; allowed: a finite number of at least 0",
        "stages.2.ema=.nan | not valid YAML",
        "stages.2.feeds.masks.objectives.sam.weight=1e999 | 'stages.2.feeds.masks.objectives.sam.weight' is Infinity; allowed: a finite number",
        "stages.2.feeds.masks.objectives.sam.loss.focal={weight: 1, gamma: .5} | 'stages.2.feeds.masks.objectives.sam.loss.focal.gamma' is 0.5; allowed: 0, or at least 1, with target: soft (between them",
        "stages.2.feeds.masks.objectives.sam.loss.focal={weight: 1, alpha: 2} | 'stages.2.feeds.masks.objectives.sam.loss.focal.alpha' is 2.0; allowed: 0 to 1",
        "stages.2.feeds.masks.objectives.sam.temperature=0 | 'stages.2.feeds.masks.objectives.sam.temperature' is 0.0; allowed: a finite number above 0",
        "stages.2.feeds.masks.objectives.sam={target: hard, temperature: 2, head: masks, teacher: sam.masks, loss: {focal: 1}} | 'stages.2.feeds.masks.objectives.sam.temperature' is 2.0; allowed: 1 with target: hard",
        "stages.2.feeds.masks.objectives.sam.loss={focal: 0, dice: 0, iou: 0} | 'stages.2.feeds.masks.objectives.sam.loss' is a list of terms that all weigh 0",
        "stages.2.feeds.masks.objectives.sam.loss={} | 'stages.2.feeds.masks.objectives.sam.loss' is empty; allowed: at least one term, such as {cosine: 1}",
        "stages.2.feeds.masks.objectives.sam.loss=cosine | 'stages.2.feeds.masks.objectives.sam.loss' is \"cosine\"; allowed: a section of names, each with what it stands for: NAME: ...",
        "stages.2.feeds.masks.objectives.sam.loss.dice=[1] | 'stages.2.feeds.masks.objectives.sam.loss.dice' is [1]; allowed: a weight, or a section of weight and the term's own numbers",
        "stages.2.feeds.masks.objectives.sam.loss.dice={weight: 1, gama: 2} | unknown key 'stages.2.feeds.masks.objectives.sam.loss.dice.gama' (value 2). Did you mean 'gamma'?",
        "stages.2.feeds.masks.objectives.sam.loss.dice={weight: 1, gamma: 2} | 'stages.2.feeds.masks.objectives.sam.loss.dice.gamma' is 2.0; allowed: nothing, as it is a number of the term focal",
        "stages.2.feeds.masks.objectives.sam.target=medium | 'stages.2.feeds.masks.objectives.sam.target' is \"medium\"; allowed: soft, hard",
        "stages.2.feeds.masks.objectives.sam.balance=1 | 'stages.2.feeds.masks.objectives.sam.balance' is 1.0; allowed: above 0, below 1, such as 0.99",
        "stages.2.feeds.masks.objectives.sam.standardise={batches: 0} | 'stages.2.feeds.masks.objectives.sam.standardise.batches' is 0; allowed: 1 to 100000",
        "stages.2.feeds.masks.objectives.sam.standardise={form: phis} | 'stages.2.feeds.masks.objectives.sam.standardise.form' is \"phis\"; allowed: channel, phi_s. Did you mean 'phi_s'?",
        "stages.2.feeds.images.objectives.clip.head=clip_haed | 'stages.2.feeds.images.objectives.clip.head' is 'clip_haed'; allowed: masks, clip_head. Did you mean 'clip_head'?",
        "stages.2.feeds.images.objectives.clip.head=null | 'stages.2.feeds.images.objectives.clip.head' is missing; allowed: the name of a head",
        "stages.2.feeds.images.objectives.clip.teacher=null | 'stages.2.feeds.images.objectives.clip.teacher' is missing; allowed: a teacher's output, NAME.OUTPUT",
        "stages.2.feeds.images.objectives.clip.teacher=klip.summary | 'stages.2.feeds.images.objectives.clip.teacher' is 'klip'; allowed: sam, clip. Did you mean 'clip'?",
        "stages.2.feeds.images.objectives.clip.teacher=clip | 'stages.2.feeds.images.objectives.clip.teacher' is 'clip'; allowed: NAME.OUTPUT, such as 'clip.summary'",
        "stages.2.feeds.images.objectives.clip.teacher=clip. | 'stages.2.feeds.images.objectives.clip.teacher' is 'clip.'; allowed: NAME.OUTPUT, such as clip.summary",
        "stages.2.feeds.images.objectives.clip.teacher=[a] | 'stages.2.feeds.images.objectives.clip.teacher' is [\"a\"]; allowed: NAME.OUTPUT, such as clip.summary",
        "stages.2.feeds.images.objectives={} | 'stages.2.feeds.images.objectives' is empty; allowed: at least one",
        "stages.2.feeds.masks.objectives.clip={head: clip_head, teacher: clip.summary, loss: {cosine: 1}} | 'stages.2.feeds.masks.objectives.clip' is the name of another objective of the stage; allowed: names of their own",
        "stages.2.feeds.images.data=imges | 'stages.2.feeds.images.data' is 'imges'; allowed: images, masks. Did you mean 'images'?",
        "stages.2.feeds.images.prompts={per_image: 3} | 'stages.2.feeds.images.prompts' is given for data without masks; allowed: data with masks: formats coco, label-maps, sa1b",
        "stages.2.feeds.masks.prompts.per_image=null | missing key 'stages.2.feeds.masks.prompts.per_image'",
        "stages.2.feeds.masks.prompts.rounds=9 | 'stages.2.feeds.masks.prompts.rounds' is 9; allowed: 1 to 8",
        "stages.2.feeds.masks.fit=crop | 'stages.2.feeds.masks.fit' is crop; allowed: pad, as prompts are points of the whole image",
        "stages.2.feeds.masks.augment={flip: 0.5} | 'stages.2.feeds.masks.augment' is given; allowed: nothing, as images are padded",
        "stages.2.feeds.images.augment={flip: 2} | 'stages.2.feeds.images.augment.flip' is 2.0; allowed: 0 to 1",
        "stages.2.feeds.images.sides={clip: large} | 'stages.2.feeds.images.sides.clip' is large; allowed: own, same, grid,",
        "stages.2.feeds.images.sides={clip: 0} | 'stages.2.feeds.images.sides.clip' is 0; allowed: own, same, grid,",
        "stages.2.feeds.images.sides={klip: own} | 'stages.2.feeds.images.sides' is 'klip'; allowed: sam, clip. Did you mean 'clip'?",
        "stages.2.feeds.images.shift=65 | 'stages.2.feeds.images.shift' is 65; allowed: 0 to 64 patches",
        "stages.2.feeds.images.drop_teachers=2 | 'stages.2.feeds.images.drop_teachers' is 2.0; allowed: 0 to 1",
        "stages.2.feeds.images.draw=some | 'stages.2.feeds.images.draw' is \"some\"; allowed: one, all",
        "stages.2.feeds=[] | 'stages.2.feeds' is []; allowed: a section of names",
        "stages.2.feeds={} | 'stages.2.feeds' is empty; allowed: at least one feed",
        "stages.2.feeds.images.batch_size=1.5 | 'stages.2.feeds.images.batch_size' is 1.5; allowed: a whole number",
        "stages.2.feeds.images.batch_size=0 | 'stages.2.feeds.images.batch_size' is 0; allowed: a whole number of at least 1",
        "stages.2.feeds.images.resolutions=224 | 'stages.2.feeds.images.resolutions' is 224; allowed: a list",
        "stages.2.feeds.masks.resolutions=[8193] | 'stages.2.feeds.masks.resolutions' is 8193; allowed: 8 to 8192 pixels",
        "stages.2.feeds.masks.resolutions=[64, 64] | 'stages.2.feeds.masks.resolutions' is 64 twice; allowed: each only once",
        "stages.1.feeds.images.micro_batch=9 | 'stages.1.feeds.images.micro_batch' is 9; allowed: 1 to batch_size (8)",
        "stages.1.cache_features=true | 'stages.1.cache_features' is true; allowed: false, as feeds.images.views is 0",
        "stages.1.duration=500 | 'stages.1.duration' is 500; allowed: a number with its unit: '500 steps', '3 epochs'",
        "stages.1.duration=10 % | 'stages.1.duration' is 10 %; allowed: steps or epochs",
        "stages.1.duration=2 h | 'stages.1.duration' is 2 h; allowed: steps or epochs",
        "stages.1.optimizer.warmup=30 s | 'stages.1.optimizer.warmup' is 30 s; allowed: steps, epochs or %",
        "precision=fp16 | 'precision' is \"fp16\"; allowed: auto, float32, bf16",
        "stages.1=null | 'stages' is with an empty entry; allowed: whole entries",
        "stages.2.schedule_duration=1 epochs | 'stages.2.schedule_duration' is 1 epochs; allowed: at least the duration (2 epochs)",
        "stages.2.start=nowhere | 'stages.2.start' is 'nowhere'; allowed: previous, base or the name of an earlier stage (probe)",
        "stages.2.name=probe | 'stages' is probe twice",
        "stages.3.ema=1 | 'stages' has no entry '3'; allowed: 1 to 2 or probe, both",
        "stages.bth.ema=1 | 'stages' has no entry 'bth'; allowed: 1 to 2 or probe, both. Did you mean 'both'?",
        "seed.x=1 | 'seed' is {\"x\":1}; allowed: a whole number",
        "name.x=1 | 'name' is the value \"small\", so it has no key 'x'",
        "stages.1.groups.2.lr_factor=0.5 | 'stages.1.groups.2.lr_factor' is 0.5; allowed: nothing, as the group is frozen",
        "stages.1.groups.1.frozen=maybe | 'stages.1.groups.1.frozen' is \"maybe\"; allowed: true or false",
        "stages.1.groups=[] | 'stages.1.groups' is empty; allowed: at least one entry",
        "stages.1.optimizer=5 | 'stages.1.optimizer' is 5; allowed: a section of keys",
        "evaluation.protocols.knn={resolutions: []} | 'evaluation.protocols.knn.resolutions' is empty; allowed: at least one entry",
        "evaluation.protocols.knn={} | 'evaluation.protocols.knn.resolutions' is missing; allowed: a list of pixels",
        "evaluation.protocols.knn={resolutions: [64, 64]} | 'evaluation.protocols.knn.resolutions' is 64 twice; allowed: each only once",
        "evaluation.protocols.knn=64 | 'evaluation.protocols.knn' is 64; allowed: a section of protocol, teacher, resolutions and the protocol's options",
        "evaluation.protocols.knn-x={resolutions: [64]} | 'evaluation.protocols.knn-x' is a name; allowed: one of small letters",
        "evaluation.protocols.dino={protocol: kn, resolutions: [64]} | 'evaluation.protocols.dino.protocol' is 'kn'; allowed: instance, classify, semantic, compose, knn. Did you mean 'knn'?",
        "evaluation.protocols.knn={teacher: dino, resolutions: [64]} | 'evaluation.protocols.knn.teacher' is 'dino'; allowed: sam, clip.",
        "evaluation.protocols.knn={resolutions: [64], kk: 3} | 'evaluation.protocols.knn.kk' is no option of the protocol knn; allowed: output, teacher_output, k, temperature. Did you mean 'k'?",
        "evaluation.protocols.compose={resolutions: [64], masks: {grid: 0}} | 'evaluation.protocols.compose.masks.grid' is 0; allowed: 1 to 256",
        "evaluation.data={heldout: x} | 'evaluation.data.heldout' is 'x'; allowed: names of classes or of semantic",
        "device=gpu | 'device' is 'gpu'; allowed: cpu, cuda or cuda:N",
        "data.sources.masks={shards: x} | 'data.sources.masks' is a name of the scenes; allowed: another name, or no scenes",
        "data.scenes=null | 'data.scenes' is missing; allowed: scenes, or sources, or both",
        "data.sources.in-1k={shards: x, source: tar} | 'data.sources.in-1k.source' is tar; allowed here: coco, image-folder, label-maps, parquet, sa1b, webdataset.",
        "data.sources.a b={shards: x} | 'data.sources.a b' is 'a b'; allowed: a letter or _ first",
        "teachers.clip.config=a.json | 'teachers.clip.config' is 'a.json'; allowed: nothing",
        "teachers.student={weights: \"embedded:tiny-clip\"} | 'teachers.student' is named like the student; allowed: another name",
        "teachers={} | 'teachers' is empty; allowed: at least one teacher",
        "teachers.dino=embedded | 'teachers.dino' is \"embedded\"; allowed: a section of keys",
        "teachers.dino={} | missing key 'teachers.dino.weights'",
        "seed=99999999999999999999 | 'seed' is 99999999999999999999; allowed: a whole number",
        "stages..ema=1 | has an empty step between dots",
        "stages.1.ema | allowed: KEY=VALUE",
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
    // Two teachers of one name, of which one would be lost.
    String teachers = SMALL.replace("  clip: {weights", "  sam: {weights");
    assertMentions(error(teachers), "not valid YAML at line 10", "Duplicate field 'sam'");
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
              both:
                schedule_duration: null
                feeds: {masks: {objectives: {sam: {weight: 100, loss: {dice: null}}}}}
              1: {duration: 5 steps}
            """);
    Recipe recipe = RecipeReader.read(child, List.of("stages.1.optimizer.lr=1e-3"));
    assertEquals("child", recipe.name());
    assertEquals(100, sam(recipe).weight());
    assertEquals(Set.of("focal", "iou"), sam(recipe).loss().keySet());
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
            "base: small.yaml\nstages: {both: {emma: 1}, probe: {duration: 1 steps}}\n");
    assertMentions(fileError(child), parent + ": 'stages.1.optimizer.lr' is -1");
    Files.writeString(parent, SMALL);
    assertMentions(fileError(child), child + ": unknown key 'stages.2.emma'");
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
            SMALL.replace("8e-4", "0.0008").replace("focal: 20", "focal: {weight: 20.0}")
                + "seed: 0\ndevice: cpu\n",
            List.of());
    assertEquals(small().hash(), other.hash());
    assertTrue(other.hash().matches("[0-9a-f]{64}"));
  }

  private static final String MIXED = "data.sources.own={mix: [%s]}";

  @Test
  void readsAMixtureAndWritesItBack() {
    String two = "{name: cc3m, shards: a.tar, weight: 2}, {name: yfcc, shards: b.tar, weight: 0.5}";
    Recipe recipe = small(String.format(MIXED, two));
    // Recipes without a mixture keep their hash, by which runs are resumed.
    Recipe plain = small("data.sources.own={shards: a.tar}");
    assertFalse(RecipeWriter.yaml(plain).contains("mix"));
    DataSpec.MixSpec first = recipe.data().sources().get("own").mix().get(0);
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
      assertMentions(
          error(SMALL, String.format(MIXED, one)), "data.sources.own.mix", "weight", "above 0");
    }
    String twice = "{name: a, shards: a.tar}, {name: a, shards: b.tar}";
    assertMentions(error(SMALL, String.format(MIXED, twice)), "data.sources.own.mix", "a twice");
    String half = "{name: a, shards: a.tar, weight: 1}, {name: b, shards: b.tar}";
    assertMentions(
        error(SMALL, String.format(MIXED, half)),
        "data.sources.own.mix",
        "1 of 2 entries have a weight");
    assertMentions(
        error(SMALL, String.format(MIXED, "")), "data.sources.own.mix", "at least one entry");
    String wrong = "{name: a, shards: a.tar, source: webdatasets}";
    assertMentions(
        error(SMALL, String.format(MIXED, wrong)),
        "data.sources.own.mix.1.source",
        "webdatasets",
        "Did you mean 'webdataset'");
    String options =
        "data.sources.own={mix: [{name: a, shards: b.tar}], options: {annotations: a.json}}";
    assertMentions(error(SMALL, options), "data.sources.own.options", "beside mix");
    assertMentions(
        error(SMALL, "data.sources.own={shards: a.tar, mix: [{name: a, shards: b.tar}]}"),
        "data.sources.own.shards",
        "beside mix");
  }

  private static final String OWN = "data.sources.own={shards: a, %s}";

  @Test
  void readsTheSettingsOfAFormatAndWritesThemBack() {
    Recipe recipe =
        small(
            "data.sources.own={source: parquet, shards: a, options: {image: img, text: alt}}",
            "data.sources.voc={mix: [{name: voc, source: label-maps, shards: b,"
                + " options: {ignore: 0, reduce_zero_label: true}}]}");
    assertEquals(
        Map.of("image", "img", "text", "alt"), recipe.data().sources().get("own").options());
    assertEquals(
        Map.of("ignore", "0", "reduce_zero_label", "true"),
        recipe.data().sources().get("voc").mix().get(0).options());
    Recipe again = RecipeReader.parse("again", RecipeWriter.yaml(recipe), List.of());
    assertEquals(recipe.data(), again.data());
    assertEquals(recipe.hash(), again.hash());
    Recipe other =
        small(String.format(OWN, "subset: 1"), "data.sources.own.options={text: caption}");
    assertEquals(Map.of("text", "caption"), other.data().sources().get("own").options());
    assertMentions(
        error(SMALL, String.format(OWN, "options: [img]")),
        "'data.sources.own.options' is [\"img\"]; allowed: a section of names");
  }

  @Test
  void unknownFormatsNameTheKnownOnesAndTheNearest() {
    assertMentions(
        error(SMALL, String.format(OWN, "source: parqet")),
        "'data.sources.own.source' is parqet; allowed here: coco, image-folder, label-maps, parquet, sa1b,"
            + " webdataset. Did you mean 'parquet'?");
    String far = error(SMALL, String.format(OWN, "source: video"));
    assertMentions(far, "'data.sources.own.source' is video; allowed here: coco, image-folder");
    assertFalse(far.contains("Did you mean"), far);
  }

  @Test
  void promptsAskForDataThatHaveMasks() {
    for (String format : new String[] {"parquet", "webdataset"}) {
      assertMentions(
          error(
              SMALL,
              "data.sources.own={source: " + format + ", shards: b}",
              "stages.2.feeds.masks.data=own"),
          "'stages.2.feeds.masks.prompts' is given for data without masks",
          "formats coco, label-maps, sa1b");
    }
    Recipe recipe =
        small("data.sources.own={source: sa1b, shards: b}", "stages.2.feeds.masks.data=own");
    assertEquals("own", recipe.stages().get(1).feeds().get("masks").data());
    // One part of a mixture without masks is enough.
    assertMentions(
        error(
            SMALL,
            "data.sources.own={mix: [{name: a, source: sa1b, shards: a},"
                + " {name: b, source: parquet, shards: b}]}",
            "stages.2.feeds.masks.data=own"),
        "data without masks");
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
    assertEquals("model_ema", recipe.teachers().get("sam").weightsKey());
    assertEquals("state_dict.teacher", recipe.teachers().get("clip").weightsKey());
    for (String teacher : List.of("sam", "clip")) {
      assertMentions(
          error(SMALL, "teachers." + teacher + ".weights_key=model"),
          "teachers." + teacher + ".weights_key",
          "embedded");
    }
  }
}
