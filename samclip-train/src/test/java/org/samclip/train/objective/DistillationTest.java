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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.checkpoint.ParameterLoader;
import org.samclip.data.cache.CacheFolder;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.model.PromptableModel;
import org.samclip.nn.Module;
import org.samclip.student.MaskHead;
import org.samclip.student.Student;
import org.samclip.train.TinyFeeds;
import org.samclip.train.TinyModels;
import org.samclip.train.teacher.FrozenNetwork;
import org.samclip.train.teacher.Teachers;

/** The two losses of SAM-CLIP on tiny models: what is added up, and what stays as it is. */
@Timeout(60)
class DistillationTest {

  private static final String HEADS =
      "{masks: {kind: mask-decoder, from: sam},"
          + " clip_head: {kind: clip-head, to: clip.summary, layers: 1}}";

  @TempDir Path folder;
  private NDManager manager;
  private TinyFeeds tiny;
  private Student student;
  private Teachers teachers;
  private boolean checkpoint;

  @BeforeEach
  void start() {
    manager = LibTorch.newManager(Device.cpu());
    teachers = TinyFeeds.teachers(manager);
    tiny = TinyFeeds.of(manager, teachers, TinyFeeds.VIT_DET, HEADS, clipWords(0, 1, 0));
    student = tiny.student();
  }

  @AfterEach
  void stop() {
    manager.close();
  }

  private static String micro(int images) {
    return images == 0 ? "" : "micro_batch: " + images + ", ";
  }

  private static String clipWords(int micro, double weight, int views) {
    return """
        {f: {data: images, batch_size: 6, %s resolutions: [32], crop: [0.8, 1], views: %d,
             objectives: {clip: {head: clip_head, teacher: clip.summary, loss: {cosine: 1}, weight: %s}}}}
        """
        .strip()
        .replace('\n', ' ')
        .formatted(micro(micro), views, weight);
  }

  private static String samWords(int micro, double weight) {
    return """
        {f: {data: masks, batch_size: 4, %s resolutions: [32], prompts: {per_image: 3},
             objectives: {sam: {head: masks, teacher: sam.masks, weight: %s, multimask: best,
                                loss: {focal: {weight: 20, alpha: 0.25, gamma: 2}, dice: 1, iou: 1}}}}}
        """
        .strip()
        .replace('\n', ' ')
        .formatted(micro(micro), weight);
  }

  private StudentFeed clip(int micro, double weight, Path cache) {
    String words = clipWords(micro, weight, cache == null ? 0 : 1);
    Optional<CacheFolder> files =
        Optional.ofNullable(cache).map(path -> new CacheFolder(path, 1 << 20));
    return tiny.with(TinyFeeds.VIT_DET, HEADS, words)
        .open("f", new Passes(manager, checkpoint, files), Map.of());
  }

  private StudentFeed sam(int micro, double weight) {
    return tiny.with(TinyFeeds.VIT_DET, HEADS, samWords(micro, weight))
        .open("f", new Passes(manager, checkpoint, Optional.empty()), Map.of());
  }

  /** Its decoders see so many tokens at a time. */
  private StudentFeed sam(long tokensAtOnce) {
    TinyFeeds own = tiny.with(TinyFeeds.VIT_DET, HEADS, samWords(0, 10));
    MaskObjective objective =
        new MaskObjective(
                "sam",
                own.spec("f").objectives().get("sam"),
                (MaskHead) student.head("masks"),
                student.backbone(),
                (PromptableModel) teachers.model("sam"),
                1)
            .atOnce(tokensAtOnce);
    return new StudentFeed(
        own.feed("f"),
        own.spec("f"),
        student,
        List.of(objective),
        Map.of("sam", FrozenNetwork.of(teachers.byName().get("sam"))),
        new Passes(manager, checkpoint, Optional.empty()),
        TinyFeeds.SEED,
        Map.of(),
        manager.newSubManager());
  }

  private StepGradients step(StudentFeed... feeds) {
    return StepGradients.of(manager, student, feeds);
  }

  private Module network(String teacher) {
    return teachers.model(teacher).modules().get("");
  }

  @Test
  void oneStepAddsTheWeightedGradientsOfBoth() {
    StepGradients clip = step(clip(0, 1, null));
    StepGradients sam = step(sam(0, 1));
    StepGradients both = step(clip(0, .5, null), sam(0, 10));
    assertTrue(clip.largest() > 1e-4 && sam.largest() > 1e-4);
    clip.times(.5f).plus(sam.times(10)).assertEqual(both);
    assertEquals(clip.loss("clip"), both.loss("clip"), 1e-6);
    assertEquals(sam.loss("sam"), both.loss("sam"), 1e-5);
    assertEquals(10, both.report().images());
  }

  @Test
  void eachLossReachesItsOwnPartsOnly() {
    StepGradients clip = step(clip(0, 1, null));
    StepGradients sam = step(sam(0, 1));
    for (String name : clip.values().keySet()) {
      if (name.startsWith("clip_head.")) {
        assertEquals(0, sam.largest(name), name);
      } else if (name.startsWith("mask_decoder.") || name.contains(".neck.")) {
        assertEquals(0, clip.largest(name), name);
      } else {
        assertTrue(clip.largest(name) > 0 && sam.largest(name) > 0, name);
      }
    }
  }

  @Test
  void microBatchesGiveTheBatchsGradients() {
    StepGradients whole = step(clip(0, 1, null), sam(0, 10));
    for (int images : new int[] {1, 3, 4}) { // 4 of 6: the parts differ in size
      StepGradients parts = step(clip(images, 1, null), sam(Math.min(4, images), 10));
      whole.assertEqual(parts);
      assertEquals(whole.loss("clip"), parts.loss("clip"), 1e-5);
      assertEquals(whole.loss("sam"), parts.loss("sam"), 1e-4);
    }
  }

  /** Three prompts of four images, of which the decoder sees one or two at a time. */
  @Test
  void promptsByTurnsGiveTheirSum() {
    StepGradients whole = step(sam(0, 10));
    long grid = TinyModels.SIDE / student.backbone().patch();
    for (long prompts : new long[] {0, 2}) { // fewer tokens than a prompt has: one by one
      StepGradients turns = step(sam(prompts * 4 * grid * grid));
      whole.assertEqual(turns);
      assertEquals(whole.loss("sam"), turns.loss("sam"), 1e-4);
    }
  }

  /** Blocks that are computed again give the same gradients to the last bit. */
  @Test
  void checkpointedActivationsGiveTheSameGradients() {
    StepGradients kept = step(clip(3, 1, null), sam(3, 10));
    checkpoint = true;
    StepGradients again = step(clip(3, 1, null), sam(3, 10));
    assertTrue(kept.largest() > 1e-4);
    kept.values()
        .forEach((name, values) -> assertArrayEquals(values, again.values().get(name), name));
  }

  @Test
  void teachersAndFrozenPartsStay() {
    Map<String, float[]> clipBefore = TinyModels.values(network("clip").arrays());
    Map<String, float[]> samBefore = TinyModels.values(network("sam").arrays());
    step(clip(0, 1, null), sam(0, 10));
    assertUntouched(clipBefore, network("clip"));
    assertUntouched(samBefore, network("sam"));
    student
        .arrays()
        .forEach(
            (name, array) -> {
              if (name.startsWith("prompt_encoder.")) {
                assertFalse(array.hasGradient(), name);
              }
            });
  }

  private static void assertUntouched(Map<String, float[]> before, Module network) {
    Map<String, NDArray> after = network.arrays();
    before.forEach(
        (name, values) -> {
          assertArrayEquals(values, after.get(name).toFloatArray(), name);
          assertFalse(after.get(name).hasGradient(), name);
        });
  }

  /** A student that is the teacher has nothing to learn: the whole chain, at rate 0. */
  @Test
  void theTeacherItselfHasNeitherLossNorGradient() {
    network("sam")
        .arrays()
        .forEach((name, array) -> ParameterLoader.copyInPlace(array, student.arrays().get(name)));
    StepGradients same = step(sam(0, 1));
    same.report().losses().forEach((name, loss) -> assertEquals(0, loss, 1e-9, name));
    assertEquals(0, same.largest(), 1e-7);
  }

  @Test
  void theReportHasThePartsOfTheSum() {
    Map<String, Double> losses = step(sam(0, 3)).report().losses();
    assertEquals(List.of("sam", "sam_focal", "sam_dice", "sam_iou"), List.copyOf(losses.keySet()));
    double sum = losses.get("sam_focal") + losses.get("sam_dice") + losses.get("sam_iou");
    assertEquals(sum, losses.get("sam"), 1e-12);
    losses.forEach((name, loss) -> assertTrue(loss > 0, name));
  }

  /** What is frozen all the way is measured, and the rest of the step goes on. */
  @Test
  void aFrozenHeadOnAFrozenBackboneIsMeasuredOnly() {
    NDArray learns = student.arrays().get("clip_head.norm.weight");
    learns.setRequiresGradient(true);
    try (StudentFeed sam = sam(0, 10);
        StudentFeed clip = clip(0, 1, null);
        Autograd on = Autograd.enabled()) {
      assertTrue(sam.backward(0, on).losses().get().get("sam") > 0);
      assertTrue(clip.backward(0, on).losses().get().get("clip") > 0);
    }
    assertTrue(learns.getGradient().abs().max().getFloat() > 0);
  }

  /** Only the head learns: tokens and answers from disk are those that were computed. */
  @Test
  void cachedFeaturesGiveTheSameLosses() {
    List<Double> live = losses(clip(0, 1, null), 1);
    List<Double> filling = losses(clip(0, 1, folder), 3);
    // Of the outputs, half precision keeps 11 bits.
    assertEquals(live.get(0), filling.get(0), 1e-3);
    List<Double> reread = losses(clip(2, 1, folder), 3);
    for (int i = 0; i < filling.size(); i++) {
      assertEquals(filling.get(i), reread.get(i), 1e-6, "the crops of step " + i + " repeat");
    }
  }

  private List<Double> losses(StudentFeed feed, int steps) {
    List<Double> losses = new ArrayList<>();
    student.arrays().get("clip_head.norm.weight").setRequiresGradient(true);
    try (feed;
        Autograd on = Autograd.enabled()) {
      for (int step = 0; step < steps; step++) {
        losses.add(feed.backward(step, on).losses().get().get("clip"));
      }
    }
    return losses;
  }
}
