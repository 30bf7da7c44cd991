package org.samclip.train.rank;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.samclip.UserError;
import org.samclip.data.replay.Position;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.source.Sample;
import org.samclip.kernel.LibTorch;
import org.samclip.parity.Vectors;
import org.samclip.train.InMemorySource;
import org.samclip.train.TinyFeeds;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.FeedBatch;
import org.samclip.train.feed.FeedBatches;
import org.samclip.train.feed.Span;
import org.samclip.train.objective.Feeds;
import org.samclip.train.objective.Passes;
import org.samclip.train.objective.StudentFeed;
import org.samclip.train.objective.TrainingFeed;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.CosineSchedule;
import org.samclip.train.stage.Trainer;
import org.samclip.train.teacher.Teachers;

/** Ranks that share a batch train as one does with the whole batch. */
@Timeout(300)
class RankedTrainingTest {

  private static final int STEPS = 4;

  private static final String HEADS =
      "{masks: {kind: mask-decoder, from: sam}, words: {kind: mlp, to: clip.summary, hidden: 8, pre_norm: false},"
          + " whole: {kind: linear, to: vit.summary}, spare: {kind: linear, to: vit.summary}}";

  private static final String WORDS =
      "words: {head: words, teacher: clip.summary, loss: {cosine: 1}";

  private static final String CROPS =
      "{data: images, batch_size: 8, resolutions: [32, 64], objectives: {" + WORDS + "}}}";

  /** Half of a rank's images may be left to one teacher; a loss is divided by its running mean. */
  private static final String DROPPING =
      "{data: images, batch_size: 8, micro_batch: 3, resolutions: [32, 64], draw: all,"
          + " drop_teachers: 0.5, objectives: {"
          + WORDS
          + ", balance: 0.5},"
          + " whole: {head: whole, teacher: vit.summary, loss: {mse: 1}}}}";

  private static final String PROMPTS =
      "{data: masks, batch_size: 4, resolutions: [64], prompts: {per_image: 2}, objectives: {"
          + " masks: {head: masks, teacher: sam.masks, loss: {focal: 20, dice: 1, iou: 1}}}}";

  /**
   * What a rank has at the end.
   *
   * @param parameters by name
   * @param losses of each step
   * @param norms of each step's gradient
   * @param images the texts of the images of each step, in order
   * @param untouched parameters that no loss reached
   * @param passedOver images of all steps
   * @param positions of the feeds' streams behind the last step
   */
  private record Trained(
      Map<String, float[]> parameters,
      List<Map<String, Double>> losses,
      List<Double> norms,
      List<List<String>> images,
      List<String> untouched,
      int passedOver,
      List<Position> positions) {}

  /** Two in nine have no mask. */
  private static List<Sample> samples() {
    List<Sample> samples = new ArrayList<>();
    for (Sample s : InMemorySource.pictures(9)) {
      boolean bare = s.key().matches(".*[36]");
      samples.add(new Sample(s.key(), s.image(), s.key(), bare ? List.of() : s.masks()));
    }
    return samples;
  }

  private static Trained train(Ranks ranks, Map<String, String> feeds, double clipNorm) {
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      Teachers teachers = TinyFeeds.teachers(manager);
      TinyFeeds tiny =
          TinyFeeds.of(
              manager, teachers, TinyFeeds.VIT_DET, HEADS, feeds.toString().replace("=", ": "));
      List<List<String>> images = new ArrayList<>();
      List<StudentFeed> running = new ArrayList<>();
      feeds
          .keySet()
          .forEach(
              name ->
                  running.add(
                      open(
                          tiny,
                          name,
                          new Passes(manager, false, Optional.empty(), ranks),
                          images)));
      AdamW.Settings settings = new AdamW.Settings(.9, .98, 1e-2); // smooth near gradients of 0
      Map<String, NDArray> arrays = tiny.student().arrays();
      AdamW optimizer = new AdamW(settings, List.of(new AdamW.Group(arrays, .01, .1)), manager);
      Trainer trainer =
          new Trainer(running, optimizer, new CosineSchedule(0, 10, 0), clipNorm).optRanks(ranks);
      List<Map<String, Double>> losses = new ArrayList<>();
      List<Double> norms = new ArrayList<>();
      int passedOver = 0;
      int perStep = feeds.values().stream().mapToInt(RankedTrainingTest::images).sum();
      for (int step = 0; step < STEPS; step++) {
        Trainer.Step result = trainer.step(step);
        losses.add(result.losses());
        norms.add(result.gradients().norm());
        passedOver += result.samples().getOrDefault("p_passed_over", 0L).intValue();
        if (!feeds.containsKey("c")) {
          assertEquals(perStep, result.images());
        }
      }
      Map<String, float[]> parameters = new LinkedHashMap<>();
      arrays.forEach((name, array) -> parameters.put(name, array.toFloatArray()));
      List<Position> positions = running.stream().map(TrainingFeed::position).toList();
      List<String> untouched = optimizer.untouched();
      assertTrue(untouched.stream().anyMatch(n -> n.startsWith("spare.")), "no loss reaches it");
      running.forEach(StudentFeed::close);
      return new Trained(parameters, losses, norms, images, untouched, passedOver, positions);
    }
  }

  private static int images(String feed) {
    return feed.equals(PROMPTS) ? 4 : feed.equals(DROPPING) ? 8 + 2 : 8;
  }

  private static StudentFeed open(
      TinyFeeds tiny, String name, Passes passes, List<List<String>> images) {
    ReplayStream stream = new InMemorySource(samples()).stream(TinyFeeds.SEED, 1);
    FeedBatches made =
        FeedBatches.of(
            tiny.spec(name),
            stream,
            Feeds.viewers(tiny.spec(name), tiny.student(), tiny.teachers().models()),
            TinyFeeds.SEED,
            passes.ranks().rank());
    LongFunction<FeedBatch> heard =
        step -> {
          FeedBatch batch = made.apply(step);
          batch.batches().forEach(b -> images.add(b.texts()));
          return batch;
        };
    Feed feed = new Feed(name, stream, heard, new Span(0, STEPS));
    return Feeds.of(
        feed, tiny.spec(name), tiny.student(), tiny.teachers(), passes, TinyFeeds.SEED, Map.of());
  }

  private static List<Trained> sameAsOne(int count, Map<String, String> feeds, double clipNorm)
      throws Exception {
    Trained one = ThreadRanks.run(1, any -> train(SingleRank.ONLY, feeds, clipNorm)).get(0);
    List<Trained> many = ThreadRanks.run(count, ranks -> train(ranks, feeds, clipNorm));
    for (Trained rank : many) {
      for (int step = 0; step < STEPS; step++) {
        assertEquals(one.norms.get(step), rank.norms.get(step), 1e-4 * one.norms.get(step));
        assertEquals(one.losses.get(step).keySet(), rank.losses.get(step).keySet());
        for (Map.Entry<String, Double> loss : one.losses.get(step).entrySet()) {
          double got = rank.losses.get(step).get(loss.getKey());
          assertEquals(
              loss.getValue(), got, 1e-4 * Math.abs(loss.getValue()) + 1e-7, step + loss.getKey());
        }
      }
      one.parameters.forEach(
          (name, values) ->
              Vectors.assertClose(name, rank.parameters.get(name), values, 1e-4, 2e-5));
      assertEquals(many.get(0).losses, rank.losses, "to the bit");
      assertEquals(one.untouched, rank.untouched);
      assertEquals(one.passedOver, rank.passedOver);
      assertEquals(one.positions, rank.positions);
    }
    if (feeds.size() == 1) {
      List<List<String>> together = new ArrayList<>();
      for (int b = 0; b < one.images.size(); b++) {
        List<String> batch = new ArrayList<>();
        for (Trained rank : many) {
          assertTrue(!rank.images.get(b).isEmpty());
          batch.addAll(rank.images.get(b));
        }
        together.add(batch);
      }
      assertEquals(one.images, together, "the same images in the same order");
    }
    return many;
  }

  @Test
  void twoRanksTrainOnCropsAsOneDoes() throws Exception {
    sameAsOne(2, Map.of("c", CROPS), .05);
  }

  /** Unequal shares of 8 and 2 images. */
  @Test
  void teachersAreDroppedAndLossesBalancedAsOnOne() throws Exception {
    sameAsOne(2, Map.of("d", DROPPING), 0);
  }

  @Test
  void ranksPassOverTheSameImagesOfAPaddedFeed() throws Exception {
    List<Trained> ranks = sameAsOne(3, Map.of("p", PROMPTS), .05);
    assertTrue(ranks.get(0).passedOver > 0, "some have no mask");
  }

  @Test
  void gradientsOfTwoFeedsAddUpOverRanks() throws Exception {
    Map<String, String> both = new LinkedHashMap<>();
    both.put("c", CROPS);
    both.put("p", PROMPTS);
    sameAsOne(2, both, .05);
  }

  @Test
  void aBatchTooSmallForTheRanksIsRefused() {
    ExecutionException refused =
        assertThrows(
            ExecutionException.class,
            () -> ThreadRanks.run(5, ranks -> train(ranks, Map.of("p", PROMPTS), 0)));
    assertTrue(refused.getCause() instanceof UserError, refused::toString);
    assertTrue(refused.getMessage().contains("4 images"), refused::getMessage);
    assertTrue(refused.getMessage().contains("5 ranks"), refused::getMessage);
  }
}
