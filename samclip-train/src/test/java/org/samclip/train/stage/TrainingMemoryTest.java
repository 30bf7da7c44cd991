package org.samclip.train.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.clip.Clip;
import org.samclip.clip.Tokenizer;
import org.samclip.data.cache.CacheFolder;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.transform.RandomResizedCrop;
import org.samclip.kernel.LibTorch;
import org.samclip.model.SamClip;
import org.samclip.sam.Sam;
import org.samclip.train.InMemorySource;
import org.samclip.train.TinyModels;
import org.samclip.train.feed.ClipBatch;
import org.samclip.train.feed.ClipBatches;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.MicroBatch;
import org.samclip.train.feed.PromptSpec;
import org.samclip.train.feed.SamBatches;
import org.samclip.train.feed.Span;
import org.samclip.train.loss.MaskLoss;
import org.samclip.train.objective.ClipContrastive;
import org.samclip.train.objective.ClipDistillation;
import org.samclip.train.objective.Objective;
import org.samclip.train.objective.Passes;
import org.samclip.train.objective.SamSupervised;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.CosineSchedule;
import org.samclip.train.recipe.AreaScaledBatch;
import org.samclip.train.recipe.LossesSpec.SamLossSpec;
import org.samclip.train.recipe.LossesSpec.SamLossSpec.Multimask;
import org.samclip.train.recipe.LossesSpec.SamLossSpec.Target;

/** The whole step, data and optimiser included, at varying sizes: flat memory from step 50 on. */
@Timeout(120)
class TrainingMemoryTest {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final int STEPS = 120;
  private static final int WARM_UP = 50;
  private static final long ALLOWED_KIB = 24 * 1024;

  @Test
  void clipTraining() throws IOException {
    try (NDManager manager = LibTorch.newManager(Device.cpu());
        Tokenizer tokenizer = TinyModels.tokenizer()) {
      Clip clip = TinyModels.clip(manager, 1);
      try (Objective objective = new ClipContrastive(clip, tokenizer, manager, clipFeed(0))) {
        assertFlat(manager, objective, new AdamW.Group(clip.arrays(), 1e-4, .1));
      }
    }
  }

  @Test
  void samTraining() throws IOException {
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      Sam sam = TinyModels.sam(manager, 1);
      ReplayStream stream = new InMemorySource(InMemorySource.pictures(30)).stream(1, 1);
      PromptSpec prompts = new PromptSpec(4, .5, .1, 20, .9);
      SamBatches batches = new SamBatches(stream, 4, TinyModels.SIDE, prompts, true, 1);
      Span span = new Span(0, STEPS);
      MaskLoss loss =
          new MaskLoss(new SamLossSpec(20, 1, .25, 2, 1, 1, Target.HARD, Multimask.BEST));
      try (Objective objective =
          new SamSupervised(sam, loss, manager, new Feed<>(stream, batches, span))) {
        assertFlat(manager, objective, new AdamW.Group(sam.arrays(), 1e-4, .1));
      }
    }
  }

  /** Teacher and frozen backbone from the cache, and now and then computed, as it is small. */
  @Test
  void cachedDistillation(@TempDir Path folder) throws IOException {
    try (NDManager manager = LibTorch.newManager(Device.cpu());
        CacheFolder cache = new CacheFolder(folder, 10_000)) {
      SamClip student = TinyModels.samClip(manager, 1);
      Clip teacher = TinyModels.clip(manager, 2);
      Passes passes = new Passes(manager, new MicroBatch(3, 16), false, Optional.of(cache));
      try (Objective objective = new ClipDistillation(student, teacher, clipFeed(2), passes, 1)) {
        assertFlat(manager, objective, new AdamW.Group(student.clipHead().arrays(), 1e-4, .1));
      }
      assertTrue(cache.use().hits() > 0 && cache.use().refused() > 0, cache.use()::toString);
    }
  }

  private static Feed<ClipBatch> clipFeed(int crops) {
    ReplayStream stream = new InMemorySource(InMemorySource.pictures(30)).stream(1, 1);
    ClipBatches batches =
        new ClipBatches(
            stream,
            new AreaScaledBatch(8, 16, List.of(16, 32)),
            new RandomResizedCrop(.8, 1, .75, 4. / 3),
            TinyModels.TEACHER_SIDE,
            crops,
            1);
    return new Feed<>(stream, batches, new Span(0, STEPS));
  }

  private static void assertFlat(NDManager manager, Objective objective, AdamW.Group group)
      throws IOException {
    AdamW optimizer = new AdamW(new AdamW.Settings(.9, .98, 1e-6), List.of(group), manager);
    Trainer trainer =
        new Trainer(List.of(objective), optimizer, new CosineSchedule(5, STEPS, 0), 1);
    int arrays = 0;
    long resident = 0;
    for (int step = 0; step < STEPS; step++) {
      trainer.step(step);
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
