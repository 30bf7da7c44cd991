package org.samclip.train.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.clip.Tokenizer;
import org.samclip.data.cache.CacheFolder;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.transform.AugmentOptions;
import org.samclip.data.transform.Normalisation;
import org.samclip.data.transform.RandomResizedCrop;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ClipModel;
import org.samclip.model.ImageInput;
import org.samclip.model.SamModel;
import org.samclip.student.Student;
import org.samclip.train.InMemorySource;
import org.samclip.train.MaskSpecs;
import org.samclip.train.TinyFeeds;
import org.samclip.train.TinyModels;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.FeedBatches;
import org.samclip.train.feed.Span;
import org.samclip.train.feed.ViewBatches;
import org.samclip.train.feed.ViewBatches.Crops;
import org.samclip.train.feed.Viewer;
import org.samclip.train.loss.MaskLoss;
import org.samclip.train.objective.ContrastiveFeed;
import org.samclip.train.objective.Passes;
import org.samclip.train.objective.SelfDistillation;
import org.samclip.train.objective.StudentFeed;
import org.samclip.train.objective.SupervisedFeed;
import org.samclip.train.objective.TrainingFeed;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.CosineSchedule;
import org.samclip.train.recipe.FeedSpec;
import org.samclip.train.recipe.ObjectiveSpec.Multimask;
import org.samclip.train.recipe.ObjectiveSpec.Target;
import org.samclip.train.recipe.SelfDistillationSpec;
import org.samclip.train.teacher.Teachers;

/** The whole step, data and optimiser included, at varying sizes: flat memory from step 50 on. */
@Timeout(120)
class TrainingMemoryTest {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final int STEPS = 120;
  private static final int WARM_UP = 50;
  private static final long ALLOWED_KIB = 24 * 1024;

  private static final String HEADS =
      "{masks: {kind: mask-decoder, from: sam},"
          + " clip_head: {kind: clip-head, to: clip.summary, layers: 1}}";
  private static final String CLIP =
      "objectives: {clip: {head: clip_head, teacher: clip.summary, loss: {cosine: 1}}}";

  /** What a recipe's words make, for a student and teachers of no files. */
  private static TinyFeeds tiny(NDManager manager, String feed) {
    Teachers teachers = TinyFeeds.teachers(manager);
    Student student = TinyModels.student(manager, 1);
    return TinyFeeds.of(teachers, student, TinyFeeds.VIT_DET, HEADS, "{f: {" + feed + "}}");
  }

  @Test
  void clipTraining() throws IOException {
    try (NDManager manager = LibTorch.newManager(Device.cpu());
        Tokenizer tokenizer = TinyModels.tokenizer()) {
      ClipModel clip = TinyModels.clip(manager, 1);
      FeedSpec spec =
          tiny(manager, "data: images, batch_size: 8, resolutions: [16, 32], " + CLIP).spec("f");
      Feed feed = feed(spec, clip.input());
      try (TrainingFeed training = new ContrastiveFeed(clip.clip(), tokenizer, manager, feed)) {
        assertFlat(manager, training, clip.clip().arrays());
      }
    }
  }

  private static Feed feed(FeedSpec spec, ImageInput input) {
    ReplayStream stream = new InMemorySource(InMemorySource.pictures(30)).stream(1, 1);
    Viewer viewer = Viewer.of("student", input, side -> side);
    FeedBatches batches =
        spec.prompts() == null
            ? FeedBatches.of(spec, stream, List.of(viewer), 1)
            : FeedBatches.withTargets(spec, stream, viewer, 1);
    return new Feed("f", stream, batches, new Span(0, STEPS));
  }

  @Test
  void samTraining() throws IOException {
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      SamModel sam = TinyModels.sam(manager, 1);
      FeedSpec spec =
          tiny(
                  manager,
                  "data: masks, batch_size: 4, resolutions: [32], prompts: {per_image: 4},"
                      + " objectives: {sam: {head: masks, teacher: sam.masks, loss: {dice: 1}}}")
              .spec("f");
      MaskLoss loss = new MaskLoss(MaskSpecs.of(20, 1, .25, 2, 1, 1, Target.HARD, Multimask.BEST));
      try (TrainingFeed training =
          new SupervisedFeed(sam.sam(), loss, manager, feed(spec, sam.input()))) {
        assertFlat(manager, training, sam.sam().arrays());
      }
    }
  }

  /** The teacher follows behind each step. */
  @Test
  void selfDistillation() throws IOException {
    SelfDistillationSpec how = TinyModels.selfDistillation();
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      SelfDistillation.Branch student = TinyModels.branch(manager, how);
      SelfDistillation.Branch teacher = TinyModels.branch(manager, how);
      ReplayStream stream = new InMemorySource(InMemorySource.pictures(30)).stream(1, 1);
      RandomResizedCrop crop = new RandomResizedCrop(.3, 1, .75, 4. / 3);
      ViewBatches batches =
          new ViewBatches(
              stream,
              6,
              new Crops(ViewBatches.GLOBAL, 32, crop),
              new Crops(how.localCrops(), how.localSide(), crop),
              how.plainBackground(),
              AugmentOptions.UNIC,
              Normalisation.SAM,
              1);
      Feed feed = new Feed("f", stream, batches, new Span(0, STEPS));
      try (SelfDistillation learning =
          new SelfDistillation(student, teacher, how, manager, feed, 1)) {
        assertFlat(manager, learning, student.arrays(), learning::follow);
      }
    }
  }

  /** Teacher and frozen backbone from the cache, and now and then computed, as it is small. */
  @Test
  void cachedDistillation(@TempDir Path folder) throws IOException {
    try (NDManager manager = LibTorch.newManager(Device.cpu());
        CacheFolder cache = new CacheFolder(folder, 3_000)) {
      TinyFeeds tiny =
          tiny(
              manager,
              "data: images, batch_size: 8, micro_batch: 3, resolutions: [16, 32], views: 2, "
                  + CLIP);
      Passes passes = new Passes(manager, false, Optional.of(cache));
      try (StudentFeed feed = tiny.open("f", passes, Map.of())) {
        assertFlat(manager, feed, tiny.student().head("clip_head").module().arrays());
      }
      assertTrue(cache.use().hits() > 0 && cache.use().refused() > 0, cache.use()::toString);
    }
  }

  /** Masks in rounds beside features of two teachers: dropped, balanced, standardised, averaged. */
  @Test
  void severalObjectives() throws IOException {
    String heads =
        "{masks: {kind: mask-decoder, from: sam}, words: {kind: linear, to: clip.summary},"
            + " dense: {kind: linear, output: spatial, to: vit.spatial}}";
    String feed =
        "{f: {data: masks, batch_size: 2, micro_batch: 1, resolutions: [32, 48], draw: all,"
            + " prompts: {per_image: 1, rounds: 2}, drop_teachers: 0.5,"
            + " sides: {clip: own, vit: own}, objectives: {"
            + "sam: {head: masks, teacher: sam.masks, balance: 0.9, loss: {focal: 20, dice: 1, iou: 1}},"
            + "clip: {head: words, teacher: clip.summary, balance: 0.9, loss: {mse: 1, cosine: 1},"
            + " standardise: {form: channel, batches: 2}},"
            + "vit: {head: dense, teacher: vit.spatial, loss: {smooth_l1: 1},"
            + " standardise: {form: phi_s, batches: 2}}}}}";
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      TinyFeeds tiny =
          TinyFeeds.of(manager, TinyFeeds.teachers(manager), TinyFeeds.PLAIN, heads, feed);
      try (TargetScales scales = new TargetScales(tiny.stage(), tiny.student(), manager);
          StudentFeed training = tiny.open("f", manager)) {
        scales.begin((name, batches) -> tiny.open(name, manager), Set.of());
        training.standardise(scales.maps());
        Map<String, NDArray> learning = new LinkedHashMap<>(tiny.student().arrays());
        learning.keySet().removeIf(name -> name.startsWith("prompt_encoder."));
        assertFlat(manager, training, learning);
        scales.inTeachersSpace(() -> {});
        scales.end();
      }
    }
  }

  private static void assertFlat(
      NDManager manager, TrainingFeed feed, Map<String, NDArray> learning) throws IOException {
    assertFlat(manager, feed, learning, step -> {});
  }

  private static void assertFlat(
      NDManager manager, TrainingFeed feed, Map<String, NDArray> learning, LongConsumer behind)
      throws IOException {
    AdamW.Group group = new AdamW.Group(learning, 1e-4, .1);
    AdamW optimizer = new AdamW(new AdamW.Settings(.9, .98, 1e-6), List.of(group), manager);
    Trainer trainer = new Trainer(List.of(feed), optimizer, new CosineSchedule(5, STEPS, 0), 1);
    int arrays = 0;
    long resident = 0;
    for (int step = 0; step < STEPS; step++) {
      trainer.step(step);
      behind.accept(step);
      if (step == WARM_UP) {
        arrays = manager.getManagedArrays().size();
        resident = residentKib();
      }
      if (step > WARM_UP) {
        assertEquals(arrays, manager.getManagedArrays().size(), "arrays after step " + step);
      }
    }
    long grown = residentKib() - resident;
    assertTrue(grown < ALLOWED_KIB, "resident memory grew by " + grown + " KiB");
  }

  /** Of the whole process, 0 where the system does not say. */
  private static long residentKib() throws IOException {
    if (!Files.isReadable(STATUS)) {
      return 0;
    }
    System.gc(); // the heap's own growth is not what is measured
    String line =
        Files.readAllLines(STATUS).stream().filter(l -> l.startsWith("VmRSS:")).findFirst().get();
    return Long.parseLong(line.replaceAll("\\D", ""));
  }
}
