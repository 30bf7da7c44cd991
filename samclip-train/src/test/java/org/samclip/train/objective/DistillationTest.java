package org.samclip.train.objective;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.checkpoint.ParameterLoader;
import org.samclip.clip.Clip;
import org.samclip.data.cache.CacheFolder;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.transform.RandomResizedCrop;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.model.SamClip;
import org.samclip.parity.Vectors;
import org.samclip.sam.Sam;
import org.samclip.train.InMemorySource;
import org.samclip.train.TinyModels;
import org.samclip.train.feed.ClipBatch;
import org.samclip.train.feed.ClipBatches;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.MicroBatch;
import org.samclip.train.feed.PromptSpec;
import org.samclip.train.feed.SamBatch;
import org.samclip.train.feed.SamBatches;
import org.samclip.train.feed.Span;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.CosineSchedule;
import org.samclip.train.recipe.AreaScaledBatch;
import org.samclip.train.recipe.LossesSpec.SamLossSpec;
import org.samclip.train.recipe.LossesSpec.SamLossSpec.Multimask;
import org.samclip.train.recipe.LossesSpec.SamLossSpec.Target;
import org.samclip.train.stage.Trainer;

/** The two losses of the recipe on tiny models: what is added up, and what stays as it is. */
@Timeout(60)
class DistillationTest {

  private static final MicroBatch WHOLE = new MicroBatch(0, TinyModels.SIDE);
  private static final SamLossSpec LOSS =
      new SamLossSpec(20, 1, .25, 2, 1, 1, Target.SOFT, Multimask.BEST);
  private static final long SEED = 4;

  @TempDir Path folder;
  private NDManager manager;
  private SamClip student;
  private Clip clipTeacher;
  private Sam samTeacher;
  private boolean checkpoint;

  @BeforeEach
  void start() {
    manager = LibTorch.newManager(Device.cpu());
    student = TinyModels.samClip(manager, 1);
    clipTeacher = TinyModels.clip(manager, 2);
    samTeacher = TinyModels.sam(manager, 3);
  }

  @AfterEach
  void stop() {
    manager.close();
  }

  private Objective clip(MicroBatch micro, double weight, Path cache) {
    ReplayStream stream = new InMemorySource(InMemorySource.pictures(6)).stream(SEED, 1);
    ClipBatches batches =
        new ClipBatches(
            stream,
            new AreaScaledBatch(6, TinyModels.SIDE, List.of(TinyModels.SIDE)),
            new RandomResizedCrop(.8, 1, .75, 4. / 3),
            TinyModels.TEACHER_SIDE,
            cache == null ? 0 : 1,
            SEED);
    Optional<CacheFolder> folder =
        Optional.ofNullable(cache).map(path -> new CacheFolder(path, 1 << 20));
    Passes passes = new Passes(manager, micro, checkpoint, folder);
    Feed<ClipBatch> feed = new Feed<>(stream, batches, new Span(0, 100));
    return new ClipDistillation(student, clipTeacher, feed, passes, weight);
  }

  private Objective sam(MicroBatch micro, double lambda) {
    return sam(micro, lambda, Long.MAX_VALUE);
  }

  private Objective sam(MicroBatch micro, double lambda, long tokensAtOnce) {
    ReplayStream stream = new InMemorySource(InMemorySource.pictures(6)).stream(SEED, 1);
    PromptSpec prompts = new PromptSpec(3, .5, .1, 20, .9);
    SamBatches batches = new SamBatches(stream, 4, TinyModels.SIDE, prompts, false, SEED);
    Passes passes = new Passes(manager, micro, checkpoint, Optional.empty());
    Feed<SamBatch> feed = new Feed<>(stream, batches, new Span(0, 100));
    return new SamDistillation(student, samTeacher, feed, passes, LOSS, lambda)
        .atOnce(tokensAtOnce);
  }

  /** One step at rate 0: the gradients of the student, and the step's report. */
  private Map<String, float[]> gradients(List<Trainer.Step> reports, Objective... objectives) {
    Map<String, NDArray> learning = new LinkedHashMap<>();
    student
        .arrays()
        .forEach(
            (name, array) -> {
              if (!name.startsWith("prompt_encoder.")) {
                learning.put(name, array);
              }
            });
    AdamW optimizer =
        new AdamW(
            new AdamW.Settings(.9, .98, 1e-6), List.of(new AdamW.Group(learning, 0, 0)), manager);
    Trainer trainer = new Trainer(List.of(objectives), optimizer, new CosineSchedule(0, 10, 0), 0);
    reports.add(trainer.step(0));
    Map<String, float[]> gradients = new LinkedHashMap<>();
    learning.forEach((name, p) -> gradients.put(name, p.getGradient().toFloatArray()));
    optimizer.close();
    for (Objective objective : objectives) {
      objective.close();
    }
    return gradients;
  }

  private static double largest(Map<String, float[]> gradients) {
    double largest = 0;
    for (float[] gradient : gradients.values()) {
      for (float value : gradient) {
        largest = Math.max(largest, Math.abs(value));
      }
    }
    return largest;
  }

  private static void assertClose(Map<String, float[]> expected, Map<String, float[]> got) {
    double atol = 1e-5 * largest(expected);
    expected.forEach(
        (name, values) -> Vectors.assertClose(name, got.get(name), values, 1e-4, atol));
  }

  @Test
  void oneStepAddsTheWeightedGradientsOfBoth() {
    List<Trainer.Step> reports = new ArrayList<>();
    Map<String, float[]> clip = gradients(reports, clip(WHOLE, 1, null));
    Map<String, float[]> sam = gradients(reports, sam(WHOLE, 1));
    Map<String, float[]> both = gradients(reports, clip(WHOLE, .5, null), sam(WHOLE, 10));
    assertTrue(largest(clip) > 1e-4 && largest(sam) > 1e-4);
    Map<String, float[]> sum = new LinkedHashMap<>();
    clip.forEach(
        (name, values) -> {
          float[] total = new float[values.length];
          for (int i = 0; i < total.length; i++) {
            total[i] = .5f * values[i] + 10 * sam.get(name)[i];
          }
          sum.put(name, total);
        });
    assertClose(sum, both);
    Trainer.Step step = reports.get(2);
    assertEquals(reports.get(0).losses().get("clip"), step.losses().get("clip"), 1e-6);
    assertEquals(reports.get(1).losses().get("sam"), step.losses().get("sam"), 1e-5);
    assertEquals(10, step.images());
  }

  @Test
  void eachLossReachesItsOwnPartsOnly() {
    Map<String, float[]> clip = gradients(new ArrayList<>(), clip(WHOLE, 1, null));
    Map<String, float[]> sam = gradients(new ArrayList<>(), sam(WHOLE, 1));
    clip.forEach(
        (name, values) -> {
          double ofClip = largest(Map.of(name, values));
          double ofSam = largest(Map.of(name, sam.get(name)));
          if (name.startsWith("clip_head.")) {
            assertEquals(0, ofSam, name);
          } else if (name.startsWith("mask_decoder.") || name.contains(".neck.")) {
            assertEquals(0, ofClip, name);
          } else {
            assertTrue(ofClip > 0 && ofSam > 0, name);
          }
        });
  }

  @Test
  void microBatchesGiveTheBatchsGradients() {
    List<Trainer.Step> reports = new ArrayList<>();
    Map<String, float[]> whole = gradients(reports, clip(WHOLE, 1, null), sam(WHOLE, 10));
    for (int images : new int[] {1, 3, 4}) { // 4 of 6: the parts differ in size
      MicroBatch micro = new MicroBatch(images, TinyModels.SIDE);
      assertClose(whole, gradients(reports, clip(micro, 1, null), sam(micro, 10)));
    }
    for (Trainer.Step step : reports) {
      assertEquals(reports.get(0).losses().get("clip"), step.losses().get("clip"), 1e-5);
      assertEquals(reports.get(0).losses().get("sam"), step.losses().get("sam"), 1e-4);
    }
  }

  /** Three prompts of four images, of which the decoder sees one or two at a time. */
  @Test
  void promptsByTurnsGiveTheirSum() {
    List<Trainer.Step> reports = new ArrayList<>();
    Map<String, float[]> whole = gradients(reports, sam(WHOLE, 10));
    long grid = TinyModels.SIDE / student.imageEncoder().config().patch();
    for (long prompts : new long[] {0, 2}) { // fewer tokens than a prompt has: one by one
      assertClose(whole, gradients(reports, sam(WHOLE, 10, prompts * 4 * grid * grid)));
    }
    for (Trainer.Step step : reports) {
      assertEquals(reports.get(0).losses().get("sam"), step.losses().get("sam"), 1e-4);
    }
  }

  /** Blocks that are computed again give the same gradients to the last bit. */
  @Test
  void checkpointedActivationsGiveTheSameGradients() {
    MicroBatch parts = new MicroBatch(3, TinyModels.SIDE);
    Map<String, float[]> kept = gradients(new ArrayList<>(), clip(parts, 1, null), sam(parts, 10));
    checkpoint = true;
    Map<String, float[]> again = gradients(new ArrayList<>(), clip(parts, 1, null), sam(parts, 10));
    assertTrue(largest(kept) > 1e-4);
    kept.forEach((name, values) -> assertArrayEquals(values, again.get(name), name));
  }

  @Test
  void teachersAndFrozenPartsStay() {
    Map<String, float[]> clipBefore = TinyModels.values(clipTeacher.arrays());
    Map<String, float[]> samBefore = TinyModels.values(samTeacher.arrays());
    gradients(new ArrayList<>(), clip(WHOLE, 1, null), sam(WHOLE, 10));
    clipBefore.forEach((n, v) -> assertArrayEquals(v, clipTeacher.arrays().get(n).toFloatArray()));
    samBefore.forEach((n, v) -> assertArrayEquals(v, samTeacher.arrays().get(n).toFloatArray()));
    clipTeacher.arrays().forEach((name, array) -> assertFalse(array.hasGradient(), name));
    samTeacher.arrays().forEach((name, array) -> assertFalse(array.hasGradient(), name));
    student
        .arrays()
        .forEach(
            (name, array) -> {
              if (name.startsWith("prompt_encoder.")) {
                assertFalse(array.hasGradient(), name);
              }
            });
  }

  /** A student that is the teacher has nothing to learn: the whole chain, at rate 0. */
  @Test
  void theTeacherItselfHasNeitherLossNorGradient() {
    samTeacher
        .arrays()
        .forEach((name, array) -> ParameterLoader.copyInPlace(array, student.arrays().get(name)));
    List<Trainer.Step> reports = new ArrayList<>();
    Map<String, float[]> gradients = gradients(reports, sam(WHOLE, 1));
    reports.get(0).losses().forEach((name, loss) -> assertEquals(0, loss, 1e-9, name));
    assertEquals(0, largest(gradients), 1e-7);
  }

  @Test
  void theReportHasThePartsOfTheSum() {
    List<Trainer.Step> reports = new ArrayList<>();
    gradients(reports, sam(WHOLE, 3));
    Map<String, Double> losses = reports.get(0).losses();
    assertEquals(List.of("sam", "sam_focal", "sam_dice", "sam_iou"), List.copyOf(losses.keySet()));
    double sum = losses.get("sam_focal") + losses.get("sam_dice") + losses.get("sam_iou");
    assertEquals(sum, losses.get("sam"), 1e-12);
    losses.forEach((name, loss) -> assertTrue(loss > 0, name));
  }

  /** Only the head learns: tokens and answers from disk are those that were computed. */
  @Test
  void cachedFeaturesGiveTheSameLosses() {
    List<Double> live = losses(clip(WHOLE, 1, null), 1);
    List<Double> filling = losses(clip(WHOLE, 1, folder), 3);
    // Of the outputs, half precision keeps 11 bits.
    assertEquals(live.get(0), filling.get(0), 1e-3);
    List<Double> reread = losses(clip(new MicroBatch(2, TinyModels.SIDE), 1, folder), 3);
    for (int i = 0; i < filling.size(); i++) {
      assertEquals(filling.get(i), reread.get(i), 1e-6, "the crops of step " + i + " repeat");
    }
  }

  private List<Double> losses(Objective objective, int steps) {
    List<Double> losses = new ArrayList<>();
    student.arrays().get("clip_head.norm.weight").setRequiresGradient(true);
    try (objective;
        Autograd on = Autograd.enabled()) {
      for (int step = 0; step < steps; step++) {
        losses.add(objective.backward(step, on).parts().get("clip"));
      }
    }
    return losses;
  }
}
