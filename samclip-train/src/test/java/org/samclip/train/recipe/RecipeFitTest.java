package org.samclip.train.recipe;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.samclip.train.recipe.RecipeReaderTest.assertMentions;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samclip.UserError;
import org.samclip.train.objective.ObjectiveCheck;
import org.samclip.train.plan.DryRun;
import org.samclip.train.stage.Phase;
import org.samclip.train.stage.TrainPhase;
import org.samclip.train.student.StudentBuilder;
import org.samclip.train.teacher.Teachers;

/** What a recipe cannot say, as its teachers' sizes are other ones: told before anything runs. */
class RecipeFitTest {

  /** The embedded SAM has patches of 8 px, neck 64 and width 128; the CLIP 8 px and 128. */
  private static final String RECIPE =
      """
      name: fit
      student:
        backbone: {from: sam}
        heads:
          masks: {kind: mask-decoder, from: sam}
          clip_head: {kind: clip-head, to: clip.summary}
          dense: {kind: linear, output: spatial, to: clip.spatial}
          whole: {kind: linear, to: clip.summary}
      teachers:
        sam: {weights: "embedded:tiny-sam"}
        clip: {weights: "embedded:tiny-clip"}
      data:
        scenes: {size: 64, images: 8, masks: 8, crops: 4, scenes: 4}
      stages:
        - name: one
          duration: 10 steps
          feeds:
            images:
              data: images
              batch_size: 8
              resolutions: [64, 96]
              objectives:
                clip: {head: clip_head, teacher: clip.summary, loss: {cosine: 1}}
                dense: {head: dense, teacher: clip.spatial, loss: {cosine: 1, mse: 1}}
                whole: {head: whole, teacher: clip.summary, loss: {mse: 1}}
            masks:
              data: masks
              batch_size: 2
              resolutions: [64]
              prompts: {per_image: 2}
              objectives:
                sam: {head: masks, teacher: sam.masks, loss: {focal: 1, dice: 1}}
          optimizer: {lr: 1e-3}
          groups: [{pattern: "*"}]
      evaluation:
        protocols:
          classify: {teacher: clip, resolutions: [64]}
      """;

  @TempDir Path folder;

  private static Recipe read(String... overrides) {
    return RecipeReader.parse("fit.yaml", RECIPE, List.of(overrides));
  }

  private static void check(Recipe recipe) {
    Teachers teachers = Teachers.sized(recipe.teachers());
    for (Phase phase : Phase.of(recipe)) {
      StudentBuilder builder = new StudentBuilder(phase.student(), teachers);
      builder.model();
      ObjectiveCheck check = new ObjectiveCheck(builder.sized(), teachers.models());
      check.require(phase.key(), ((TrainPhase) phase).stage());
      check.require(recipe.evaluation());
    }
  }

  private static String error(String... overrides) {
    Recipe recipe = read(overrides);
    return assertThrows(UserError.class, () -> check(recipe)).getMessage();
  }

  @Test
  void theRecipeFits() {
    assertDoesNotThrow(() -> check(read()));
    // Heads of any width for what compares pairs of rows only.
    assertDoesNotThrow(
        () ->
            check(
                read(
                    "student.heads.whole={kind: linear, width: 7}",
                    "stages.1.feeds.images.objectives.whole.loss={relational: 1}",
                    "student.heads.dense={kind: linear, output: spatial, width: 7}",
                    "stages.1.feeds.images.objectives.dense.loss={gram: 1}")));
    assertDoesNotThrow(
        () -> check(read("stages.1.feeds.images.objectives.whole.standardise={batches: 32}")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "images.objectives.whole.teacher=clip.sumary | 'stages.one.feeds.images.objectives.whole.teacher' is 'clip.sumary'; allowed: an output of clip: spatial, summary. Did you mean 'summary'?",
        "images.objectives.whole.teacher=sam.summary | is 'sam.summary'; allowed: an output of sam: masks, spatial, tokens.",
        "images.objectives.whole.teacher=clip.masks | is 'clip.masks', of a model that draws no masks; allowed: an output of clip: spatial, summary",
        "images.objectives.whole.teacher=clip.spatial | 'stages.one.feeds.images.objectives.whole.head' is 'whole', which gives one feature of the image; allowed: a head that gives features of patches, as clip.spatial is that: of most kinds one with output: spatial",
        "images.objectives.dense.teacher=clip.summary | 'stages.one.feeds.images.objectives.dense.head' is 'dense', which gives features of patches; allowed: a head that gives one feature of the image",
        "images.objectives.dense.teacher=sam.spatial | 'stages.one.feeds.images.objectives.dense.head' is 'dense', which is 128 wide; allowed: one that is 64 wide as sam.spatial is, by to: sam.spatial in the head; or the terms gram and relational",
        "images.objectives.whole.head=whole.spatial | 'stages.one.feeds.images.objectives.whole.head' is 'whole.spatial'; allowed: an output of whole: summary.",
        "images.objectives.whole.loss={cosin: 1} | 'stages.one.feeds.images.objectives.whole.loss.cosin' is no term of such an objective; allowed: cosine, mse, l1, smooth_l1, angle, relational, asymmetric_relational, gram, similarity. Did you mean 'cosine'?",
        "images.objectives.whole.loss={focal: 1} | 'stages.one.feeds.images.objectives.whole.loss.focal' is no term of such an objective",
        "images.objectives.whole.loss={gram: 1} | 'stages.one.feeds.images.objectives.whole.loss.gram' is given for one feature of the image; allowed: terms for it; gram is for features of patches",
        "images.objectives.dense.loss={relational: 1} | 'stages.one.feeds.images.objectives.dense.loss.relational' is given for features of patches",
        "images.objectives.whole.target=hard | 'stages.one.feeds.images.objectives.whole.target' is hard; allowed: nothing, as it is for masks, not features",
        "images.objectives.whole.temperature=2 | 'stages.one.feeds.images.objectives.whole.temperature' is 2.0; allowed: nothing, as it is for masks",
        "images.objectives.whole.multimask=best | 'stages.one.feeds.images.objectives.whole.multimask' is best; allowed: nothing, as it is for masks",
        "images.objectives.whole.grid=larger | 'stages.one.feeds.images.objectives.whole.grid' is larger; allowed: nothing, as it is for patches",
        "images.objectives.whole.texts=names.txt | 'stages.one.feeds.images.objectives.whole.texts' is names.txt; allowed: nothing without the term similarity",
        "images.objectives.whole.loss.similarity=1 | 'stages.one.feeds.images.objectives.whole.texts' is missing; allowed: a file of texts, one a line, for similarity",
        "images.objectives.whole={head: whole, teacher: clip.summary, loss: {similarity: 1}, texts: no.txt} | 'stages.one.feeds.images.objectives.whole.texts' is 'no.txt', no file; allowed: a file of texts",
        "images.resolutions=[60] | 'stages.one.feeds.images.resolutions' is 60; allowed: multiples of the student's patch, 8",
        "images.sides={clip: 60} | 'stages.one.feeds.images.sides.clip' is '60', so that clip sees 60 px where the student sees 64; allowed: what makes it a multiple of the patch of clip, 8 px: own (64 px), grid, or a side in pixels",
        "images.objectives.whole.standardise={batches: 2} | 'stages.one.feeds.images.objectives.whole.standardise.batches' is 2, which see 12 rows of clip.summary; allowed: 22 or more, for the 129 rows that phi_s needs; or form: channel",
        "masks.objectives.sam.head=dense | 'stages.one.feeds.masks.objectives.sam.head' is 'dense', of kind linear; allowed: the name of a head of kind mask-decoder, as sam.masks are masks",
        "masks.objectives.sam.loss={focl: 1} | 'stages.one.feeds.masks.objectives.sam.loss.focl' is no term of such an objective; allowed: focal, dice, iou. Did you mean 'focal'?",
        "masks.objectives.sam.standardise={batches: 1} | 'stages.one.feeds.masks.objectives.sam.standardise' is given; allowed: nothing, as it is for features, not masks",
        "masks.objectives.sam.grid=smaller | 'stages.one.feeds.masks.objectives.sam.grid' is smaller; allowed: nothing, as it is for features",
        "masks.prompts=null | 'stages.one.feeds.masks.prompts' is missing; allowed: a section such as {per_image: 32}, as sam.masks answer to prompts",
        "masks.sides={sam: 128} | 'stages.one.feeds.masks.sides.sam' is '128', so that sam sees 128 px where the student sees 64; allowed: same, as prompts are pixels of one image",
      })
  void objectivesThatDoNotFitNameKeyValueAndWhatIsAllowed(String override, String expected) {
    assertMentions(error("stages.1.feeds." + override), expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "student.heads.clip_head.init=last_layr | 'student.heads.clip_head.init' is 'last_layr'; allowed: last_layer, last_attention, random. Did you mean 'last_layer'?",
        "student.heads.whole.init=random | 'student.heads.whole.init' is 'random'; allowed: nothing, as a head of kind linear has no choice of it",
        "student.heads.whole.to=clip.sumary | 'student.heads.whole.to' is 'clip.sumary'; allowed: an output of clip: spatial, summary. Did you mean 'summary'?",
        "student.heads.masks.from=clip | 'student.heads.masks.from' is 'clip', which has no head of kind mask-decoder; allowed: a teacher that has one",
        "student.backbone.from=clip | 'student.backbone.from' is 'clip', which has no encoder that a student can have; allowed: a SAM",
        "student.backbone={from: sam, preset: tiny, depth: 5} | student.backbone: the sizes differ from those of teachers.sam",
        "student.text={from: sam, head: clip_head} | 'student.text.from' is 'sam', which has no text tower; allowed: a CLIP or SigLIP",
        "evaluation.protocols.classify.resolutions=[64, 100] | 'evaluation.protocols.classify.resolutions' is 100; allowed: multiples of the student's patch, 8",
        "teachers.sam.weights=embedded:tiny-sma | teachers.sam.weights is 'embedded:tiny-sma'; samclip ships tiny-sam, tiny-clip, tiny-dino. Did you mean 'tiny-sam'?",
        "teachers.sam.weights=no/such.pth | teachers.sam.weights: no file no/such.pth; give a file, or embedded:NAME",
      })
  void partsThatDoNotFitNameKeyValueAndWhatIsAllowed(String override, String expected) {
    assertMentions(error(override), expected);
  }

  /** One image has no distance to another, and their mean is no number. */
  @Test
  void relationsNeedTwoImages() {
    String whole = "stages.1.feeds.images.objectives.whole.loss={relational: 1}";
    assertMentions(
        error(whole, "stages.1.feeds.images.batch_size=2"),
        "'stages.one.feeds.images.batch_size' is 2, by which 96 px have a pass of one image;"
            + " allowed: passes of two or more, as relational compares the images of a pass");
    assertMentions(
        error(whole, "stages.1.feeds.images.micro_batch=7"),
        "'stages.one.feeds.images.micro_batch' is 7, by which 64 px have a pass of one image");
    assertMentions(
        error(
            "stages.1.feeds.images.objectives.whole.loss={asymmetric_relational: 1}",
            "stages.1.feeds.images.drop_teachers=0.5"),
        "'stages.one.feeds.images.objectives.whole.loss.asymmetric_relational' is given in a feed"
            + " with drop_teachers");
  }

  /** A head that stands for two teachers cannot speak in the scale of one. */
  @Test
  void aStandardisedHeadHasOneObjective() {
    assertMentions(
        error(
            "stages.1.feeds.images.objectives.whole.standardise={batches: 32}",
            "stages.1.feeds.images.objectives.again="
                + "{head: whole, teacher: clip.summary, loss: {cosine: 1}}"),
        "'stages.one.feeds.images.objectives.whole.standardise' is given for the head 'whole',"
            + " which has 2 objectives; allowed: a head with one objective");
  }

  @Test
  void textsNeedATeacherThatReadsThem() throws IOException {
    Path texts = Files.writeString(folder.resolve("names.txt"), "a cat\na dog\n");
    String objective = "{head: %s, teacher: %s, loss: {similarity: 1}, texts: '" + texts + "'}";
    String key = "stages.1.feeds.images.objectives.whole=";
    assertDoesNotThrow(() -> check(read(key + objective.formatted("whole", "clip.summary"))));
    assertMentions(
        error(
            "student.heads.dense={kind: linear, output: spatial, to: sam.spatial}",
            "stages.1.feeds.images.objectives.dense="
                + objective.formatted("dense", "sam.spatial")),
        "'stages.one.feeds.images.objectives.dense.loss.similarity' is given for features of"
            + " patches; allowed: terms for it; similarity is for one feature of the image");
  }

  @Test
  void aBaselinesStageIsNamedAsItStands() {
    String stage = "{like: one, start: base, feeds: {images: {resolutions: [60]}}}";
    assertMentions(
        error("baselines=[{name: other, stages: [" + stage + "]}]"),
        "'baselines.other.stages.one.feeds.images.resolutions' is 60");
  }

  /** Another teacher with both outputs stands for the one of the document. */
  @Test
  void theDocumentsExampleFits() throws IOException {
    String yaml = RecipeDocumentTest.example();
    Recipe written = RecipeReader.parse("docs/recipe.md", yaml, List.of());
    assertEquals(Set.of("sam", "clip", "dino"), written.teachers().keySet());
    List<String> dino = List.of("teachers.dino.weights=embedded:tiny-clip");
    assertDoesNotThrow(() -> check(RecipeReader.parse("docs/recipe.md", yaml, dino)));
    String text = new DryRun(RecipeReader.parse("docs/recipe.md", yaml, dino)).text();
    assertMentions(text, "stage2, parameters of stage all", "dino_image", "500 steps");
  }

  /** The promise of a dry run: it needs neither weights nor data. */
  @Test
  void aDryRunWithoutWeightsSaysWhatItCannotKnow() {
    String text = new DryRun(read("teachers.sam.weights=weights/none.pth")).text();
    assertMentions(
        text,
        "stage 1 one: 10 steps from previous",
        "of the teachers these files are not here:",
        "  teachers.sam.weights: no file weights/none.pth",
        "stage1: 10 steps");
    assertFalse(text.contains("parameters learn") || text.contains("device memory"), text);
    assertEquals(
        List.of(
            "teachers.a.weights: no file a.pth",
            "teachers.b.weights: no file b.pth",
            "teachers.b.tokenizer: no file b.json"),
        Teachers.missing(
            RecipeReader.parse(
                    "fit.yaml",
                    RECIPE,
                    List.of(
                        "teachers.a={weights: a.pth}",
                        "teachers.b={weights: b.pth, tokenizer: b.json}"))
                .teachers()));
    String whole = new DryRun(read()).text();
    assertMentions(whole, "parameters learn", "device memory about", "disk about");
  }
}
