package org.samclip.train.objective;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samclip.UserError;
import org.samclip.kernel.LibTorch;
import org.samclip.train.TinyFeeds;
import org.samclip.train.teacher.Teachers;

/** What cannot be computed is refused before anything runs, with key, value and what is allowed. */
class ObjectiveCheckTest {

  private static final String HEADS =
      "{masks: {kind: mask-decoder, from: sam},"
          + " clip_head: {kind: clip-head, to: clip.summary, layers: 1},"
          + " whole: {kind: linear, to: vit.summary}, narrow: {kind: linear, width: 5},"
          + " words: {kind: linear, to: clip.summary},"
          + " dense: {kind: linear, output: spatial, to: vit.spatial}}";

  private static NDManager manager;
  private static Teachers teachers;

  @BeforeAll
  static void start() {
    manager = LibTorch.newManager(Device.cpu());
    teachers = TinyFeeds.teachers(manager);
  }

  @AfterAll
  static void stop() {
    manager.close();
  }

  private static String feed(String keys, String objective) {
    return "{f: {data: masks, batch_size: 4, "
        + (keys.contains("resolutions") ? "" : "resolutions: [32], ")
        + (keys.isEmpty() ? "" : keys + ", ")
        + "objectives: {o: {"
        + objective
        + "}}}}";
  }

  private static void check(String feeds) {
    TinyFeeds tiny = TinyFeeds.of(manager, teachers, TinyFeeds.VIT_DET, HEADS, feeds);
    new ObjectiveCheck(tiny.student(), teachers.models()).require("stages.only", tiny.stage());
  }

  private static void assertRefused(String feeds, String... says) {
    String message = assertThrows(UserError.class, () -> check(feeds)).getMessage();
    for (String part : says) {
      assertTrue(message.contains(part), message);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "; head: whole, teacher: vit.summary, loss: {mse: 1}",
        "; head: whole, teacher: vit.summary, loss: {relational: 1}",
        "; head: narrow, teacher: vit.summary, loss: {relational: 1}",
        "micro_batch: 2; head: narrow, teacher: vit.summary, loss: {asymmetric_relational: 1}",
        "; head: clip_head, teacher: clip.summary, loss: {mse: 1}, standardise: {form: channel}",
        "; head: dense, teacher: vit.spatial, loss: {gram: 1}, standardise: {form: phi_s}",
        "prompts: {per_image: 2}; head: masks, teacher: sam.masks, loss: {dice: 1}",
        "sides: {vit: grid}; head: dense, teacher: vit.spatial, loss: {mse: 1}, grid: larger"
      })
  void whatFitsIsTaken(String keys, String objective) {
    check(feed(keys == null ? "" : keys, objective));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        // the student's and the teachers' images
        "resolutions: [36]; head: whole, teacher: vit.summary, loss: {mse: 1};"
            + "resolutions' is 36; multiples of the student's patch, 8",
        "sides: {vit: \"20\"}; head: whole, teacher: vit.summary, loss: {mse: 1};"
            + "sides.vit' is '20', so that vit sees 20 px; a multiple of the patch of vit, 8 px",
        // outputs
        "; head: whole, teacher: vit.sumary, loss: {mse: 1};"
            + "objectives.o.teacher' is 'vit.sumary'; spatial, summary",
        "; head: whole.spatial, teacher: vit.summary, loss: {mse: 1};"
            + "objectives.o.head' is 'whole.spatial'; an output of whole: summary",
        "; head: whole, teacher: vit.spatial, loss: {mse: 1};"
            + "which gives one feature of the image; a head that gives features of patches",
        "; head: narrow, teacher: vit.summary, loss: {mse: 1};"
            + "'narrow', which is 5 wide; one that is 12 wide",
        // terms
        "; head: whole, teacher: vit.summary, loss: {focal: 1}; loss.focal; mse",
        "; head: whole, teacher: vit.summary, loss: {gram: 1}; loss.gram' is given for one feature; features of patches",
        "; head: dense, teacher: vit.spatial, loss: {relational: 1}; loss.relational' is given for features of patches; one feature of the image",
        "; head: whole, teacher: vit.summary, loss: {similarity: 1}; which lacks; a CLIP",
        "; head: words, teacher: clip.summary, loss: {similarity: 1}; texts' is missing; a file",
        "drop_teachers: 0.5; head: whole, teacher: vit.summary, loss: {relational: 1};"
            + "in a feed with drop_teachers; single images",
        "micro_batch: 3; head: whole, teacher: vit.summary, loss: {relational: 1};"
            + "32 px have a pass of one image; two or more",
        "; head: whole, teacher: vit.summary, loss: {mse: 1}, target: hard; o.target'; nothing",
        // scales
        "; head: narrow, teacher: vit.summary, loss: {relational: 1}, standardise: {form: channel};"
            + "given for a head 5 wide against 12; a head as wide",
        "; head: clip_head.spatial, teacher: clip.spatial, loss: {mse: 1}, standardise: {};"
            + "of kind clip-head; a clip-head's summary",
        "; head: masks.embedding, teacher: sam.spatial, loss: {mse: 1}, standardise: {};"
            + "of kind mask-decoder; a head that ends in a linear layer",
        "; head: words, teacher: clip.summary, loss: {mse: 1}, standardise: {form: phi_s};"
            + "standardise.form; channel",
        "; head: whole, teacher: vit.summary, loss: {mse: 1}, standardise: {batches: 3};"
            + "which see 12 rows; for the 13 rows",
        // masks
        "; head: masks, teacher: sam.masks, loss: {dice: 1}; prompts' is missing; per_image",
        "prompts: {per_image: 2}; head: masks, teacher: vit.masks, loss: {dice: 1};"
            + "draws no masks; an output of vit",
        "prompts: {per_image: 2}; head: whole, teacher: sam.masks, loss: {dice: 1};"
            + "of kind linear; mask-decoder",
        "prompts: {per_image: 2}, sides: {sam: \"16\"}; head: masks, teacher: sam.masks,"
            + " loss: {dice: 1}; so that sam sees 16 px; same, as prompts",
        "prompts: {per_image: 2}; head: masks, teacher: sam.masks, loss: {mse: 1}; loss.mse; dice",
        "prompts: {per_image: 2}; head: masks, teacher: sam.masks, loss: {dice: 1},"
            + " grid: larger; o.grid'; nothing"
      })
  void whatDoesNotFitIsRefused(String keys, String objective, String value, String allowed) {
    assertRefused(feed(keys == null ? "" : keys, objective), value, allowed);
  }

  /** Its scale would be another for each of its objectives. */
  @Test
  void aScaledHeadHasOneObjective() {
    String two =
        feed("", "head: whole, teacher: vit.summary, loss: {mse: 1}, standardise: {}")
            .replace(
                "objectives: {",
                "objectives: {p: {head: whole, teacher: fine.summary, loss: {mse: 1}}, ");
    assertRefused(two, "o.standardise'", "which has 2 objectives", "a head of its own");
  }

  @Test
  void textsStayInTheTeachersSpace() {
    String texts = "src/test/resources/logback-test.xml";
    assertRefused(
        feed(
            "",
            "head: words, teacher: clip.summary, loss: {similarity: 1}, texts: "
                + texts
                + ", standardise: {form: channel}"),
        "given beside similarity",
        "the teacher's own space");
  }

  /** Masks have four pixels a patch on both sides. */
  @Test
  void patchesOfBothSidesOfMasksAreEqual() {
    String plain = "{vit: {patch: 4, side: 32, width: 16, depth: 2, heads: 2, registers: 0}}";
    String prompts = "prompts: {per_image: 2}";
    String objective = "head: masks, teacher: sam.masks, loss: {dice: 1}";
    TinyFeeds tiny =
        TinyFeeds.of(
            manager,
            teachers,
            plain,
            "{masks: {kind: mask-decoder, from: sam}}",
            feed(prompts, objective));
    ObjectiveCheck check = new ObjectiveCheck(tiny.student(), teachers.models());
    String message =
        assertThrows(UserError.class, () -> check.require("stages.only", tiny.stage()))
            .getMessage();
    assertTrue(message.contains("whose patch is 8 px"), message);
    assertTrue(message.contains("the student's patch, 4 px"), message);
  }
}
