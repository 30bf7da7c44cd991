package org.samclip.train.objective;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.model.PromptableModel;
import org.samclip.sam.Masks;
import org.samclip.student.MaskHead;
import org.samclip.train.TinyFeeds;
import org.samclip.train.feed.ImageBatch;
import org.samclip.train.feed.MicroBatch;
import org.samclip.train.feed.PromptBatch;
import org.samclip.train.loss.MaskLoss;
import org.samclip.train.teacher.Teachers;

/** Points where student and teacher disagree, and masks that are drawn again with them. */
@Timeout(60)
class MaskRoundsTest {

  private NDManager manager;

  @BeforeEach
  void start() {
    manager = LibTorch.newManager(Device.cpu());
  }

  @AfterEach
  void stop() {
    manager.close();
  }

  /** Masks of one image; only the first output of each prompt is as given. */
  private Masks masks(float[][] single, int h, int w) {
    int p = single.length;
    float[] all = new float[p * 4 * h * w];
    SplittableRandom random = new SplittableRandom(2);
    for (int i = 0; i < all.length; i++) {
      all[i] = (float) (100 * random.nextGaussian());
    }
    for (int i = 0; i < p; i++) {
      System.arraycopy(single[i], 0, all, i * 4 * h * w, h * w);
    }
    return new Masks(
        manager.create(all, new Shape(1, p, 4, h, w)), manager.zeros(new Shape(1, p, 4)));
  }

  @Test
  void thePointLiesWhereTheyDifferMost() {
    // Rows of three columns; cells are 2.5 pixels wide.
    float[][] student = {
      {-1, -1, 5, -1, -9, 1},
      {3, 3, 3, 3, 3, 3},
      {1, -1, 1, -1, 1, -1},
    };
    float[][] teacher = {
      {1, -20, 4, 2, -1, 9}, // at 0 and 3 they differ: gaps of 2 and 3
      {1, 9, -1, -4, 2, -3}, // at 2, 3 and 5: gaps of 4, 7 and 6
      {7, -7, 7, -7, 7, -7}, // nowhere
    };
    Disagreement found = Disagreement.of(masks(student, 2, 3), masks(teacher, 2, 3), 2.5);
    assertEquals(new Shape(1, 3, 1, 2), found.xy().getShape());
    assertEquals(new Shape(1, 3, 1), found.labels().getShape());
    assertArrayEquals(new long[] {1, 0, -1}, found.labels().toLongArray());
    float[] xy = found.xy().toFloatArray();
    assertArrayEquals(
        new float[] {1.25f, 3.75f, 1.25f, 3.75f}, java.util.Arrays.copyOf(xy, 4), "x, y");
  }

  /** Against a search through random masks, cell by cell. */
  @Test
  void noCellDiffersMore() {
    int p = 40;
    int h = 5;
    int w = 7;
    SplittableRandom random = new SplittableRandom(3);
    float[][] student = new float[p][h * w];
    float[][] teacher = new float[p][h * w];
    for (int i = 0; i < p; i++) {
      for (int j = 0; j < h * w; j++) {
        student[i][j] = (float) random.nextGaussian();
        teacher[i][j] = (float) random.nextGaussian();
      }
    }
    Disagreement found = Disagreement.of(masks(student, h, w), masks(teacher, h, w), 4);
    float[] xy = found.xy().toFloatArray();
    long[] labels = found.labels().toLongArray();
    for (int i = 0; i < p; i++) {
      int at = (int) (xy[2 * i + 1] / 4) * w + (int) (xy[2 * i] / 4);
      assertTrue(student[i][at] > 0 != teacher[i][at] > 0);
      assertEquals(teacher[i][at] > 0 ? 1 : 0, labels[i]);
      for (int j = 0; j < h * w; j++) {
        if (student[i][j] > 0 != teacher[i][j] > 0) {
          assertTrue(
              Math.abs(student[i][j] - teacher[i][j]) <= Math.abs(student[i][at] - teacher[i][at]));
        }
      }
    }
  }

  private static String words(int rounds) {
    return "{f: {data: masks, batch_size: 3, resolutions: [32], prompts: {per_image: 4, rounds: "
        + rounds
        + "}, objectives: {sam: {head: masks, teacher: sam.masks, weight: 2,"
        + " loss: {focal: 20, dice: 1, iou: 1}}}}}";
  }

  @Test
  void theLossIsTheMeanOfTheRounds() {
    Teachers teachers = TinyFeeds.teachers(manager);
    String heads = "{masks: {kind: mask-decoder, from: sam}}";
    TinyFeeds tiny = TinyFeeds.of(manager, teachers, TinyFeeds.PLAIN, heads, words(2));
    MaskLoss.Terms[] rounds = new MaskLoss.Terms[2];
    try (Autograd off = Autograd.disabled()) {
      ImageBatch batch = tiny.batch("f").batches().get(0);
      PromptBatch.OnDevice in = batch.prompts().toArrays(manager, new MicroBatch.Part(0, 3));
      MaskHead head = (MaskHead) tiny.student().head("masks");
      PromptableModel sam = teachers.model("sam").as(PromptableModel.class).orElseThrow();
      NDArray own =
          head.embedding(
              tiny.student()
                  .backbone()
                  .features(batch.student().toArray(manager), java.util.Set.of()));
      NDArray embedding = sam.encodeImages(batch.views().get("sam").toArray(manager));
      NDArray xy = in.xy();
      NDArray labels = in.labels();
      for (int round = 0; round < 2; round++) {
        Masks drawn = head.decoder().masksOfTokens(own, xy, labels);
        Masks truth = sam.masks(embedding, xy, labels);
        rounds[round] =
            new MaskLoss(tiny.spec("f").objectives().get("sam"))
                .distilled(drawn, truth, in.isPoint());
        // A cell of the masks is a quarter of a patch of 8 pixels.
        Disagreement next = Disagreement.of(drawn, truth, 2);
        xy = xy.concat(next.xy(), 2);
        labels = labels.concat(next.labels(), 2);
      }
    }
    Map<String, Double> once = measured(tiny.with(TinyFeeds.PLAIN, heads, words(1)));
    Map<String, Double> twice = measured(tiny);
    double first = rounds[0].total().getFloat();
    double second = rounds[1].total().getFloat();
    assertTrue(Math.abs(first - second) > 1e-3 * first, "the point changes the masks");
    assertEquals(first, once.get("sam"), 1e-5 * first);
    assertEquals((first + second) / 2, twice.get("sam"), 1e-5 * first);
    double iou = (rounds[0].iou().getFloat() + rounds[1].iou().getFloat()) / 2;
    assertEquals(iou, twice.get("sam_iou"), 1e-5 * iou);
  }

  private Map<String, Double> measured(TinyFeeds tiny) {
    try (StudentFeed feed = tiny.open("f", manager)) {
      return feed.measure().losses().get();
    }
  }

  /** Rounds share the embedding; their gradients go through it together. */
  @Test
  void promptsByTurnsGiveTheSameGradients() {
    Teachers teachers = TinyFeeds.teachers(manager);
    String heads = "{masks: {kind: mask-decoder, from: sam}}";
    TinyFeeds tiny = TinyFeeds.of(manager, teachers, TinyFeeds.VIT_DET, heads, words(3));
    // Else the masks are so flat that rounding decides where the next point lies.
    tiny.student().arrays().get("image_encoder.pos_embed").muli(50);
    StepGradients whole = StepGradients.of(manager, tiny.student(), tiny.open("f", manager));
    TinyFeeds parts =
        tiny.with(
            TinyFeeds.VIT_DET,
            heads,
            words(3).replace("batch_size: 3", "batch_size: 3, micro_batch: 1"));
    assertTrue(whole.largest() > 1e-4);
    whole.assertEqual(StepGradients.of(manager, tiny.student(), parts.open("f", manager)));
  }
}
