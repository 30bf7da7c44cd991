package org.samclip.train.objective;

import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samclip.clip.Clip;
import org.samclip.data.cache.CacheFolder;
import org.samclip.data.replay.Position;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.replay.Selection.Side;
import org.samclip.model.SamClip;
import org.samclip.train.feed.ClipBatch;
import org.samclip.train.feed.ClipBatches;
import org.samclip.train.feed.DataFiles;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.MicroBatch;
import org.samclip.train.feed.SamBatch;
import org.samclip.train.feed.SamBatches;
import org.samclip.train.feed.Span;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.SourcesSpec.ClipSourceSpec;
import org.samclip.train.recipe.SourcesSpec.SamSourceSpec;
import org.samclip.train.recipe.StageSpec;
import org.samclip.train.teacher.Teachers;

/**
 * Makes a stage's objectives: over the images that it trains on, or over those that are held out.
 *
 * @param recipe of the run
 * @param teachers are asked
 * @param data feeds
 */
public record Distillations(Recipe recipe, Teachers teachers, DataFiles data) {

  /**
   * @param stage whose losses
   * @param student learns, or is measured
   * @param manager on the models' device
   * @param cache keeps what frozen networks say; empty: they are asked at every step
   * @param side images to train on, or held out
   * @param positions where each source's stream begins; absent: at its start
   * @param span steps to make batches for
   * @return the objectives of the stage's sources, to be closed
   */
  public List<Distillation> of(
      StageSpec stage,
      SamClip student,
      NDManager manager,
      Optional<CacheFolder> cache,
      Side side,
      Map<String, Position> positions,
      Span span) {
    List<Distillation> objectives = new ArrayList<>();
    if (stage.sources().clip() != null) {
      Position start = positions.getOrDefault(DataFiles.CLIP, Position.START);
      objectives.add(clip(stage, student, manager, cache, side, start, span));
    }
    if (stage.sources().sam() != null) {
      Position start = positions.getOrDefault(DataFiles.SAM, Position.START);
      objectives.add(sam(stage, student, manager, cache, side, start, span));
    }
    return objectives;
  }

  /** Each stage sees the data in an order of its own. */
  private long seed(StageSpec stage) {
    return recipe.seed() * 31 + stage.name().hashCode();
  }

  private Distillation clip(
      StageSpec stage,
      SamClip student,
      NDManager manager,
      Optional<CacheFolder> cache,
      Side side,
      Position start,
      Span span) {
    ClipSourceSpec source = stage.sources().clip();
    Clip teacher = teachers.clip().clip();
    ReplayStream stream = data.clip(seed(stage), false, side, start);
    // Given views are the same ones in all stages, so that what is cached serves all of them.
    long crops = source.views() > 0 ? recipe.seed() : seed(stage);
    int teacherSide = teacher.config().vision().imageSide();
    Feed<ClipBatch> feed =
        new Feed<>(stream, ClipBatches.of(source, stream, teacherSide, crops), span);
    Passes passes = passes(stage, manager, cache, source.microBatch(), source.baseResolution());
    return new ClipDistillation(student, teacher, feed, passes, stage.losses().clip().weight());
  }

  private Distillation sam(
      StageSpec stage,
      SamClip student,
      NDManager manager,
      Optional<CacheFolder> cache,
      Side side,
      Position start,
      Span span) {
    SamSourceSpec source = stage.sources().sam();
    ReplayStream stream = data.sam(seed(stage), side, source.subset(), start);
    Feed<SamBatch> feed =
        new Feed<>(stream, SamBatches.of(source, stream, false, seed(stage)), span);
    Passes passes = passes(stage, manager, cache, source.microBatch(), source.resolution());
    return new SamDistillation(
        student, teachers.sam().sam(), feed, passes, stage.losses().sam(), stage.lambda());
  }

  private static Passes passes(
      StageSpec stage,
      NDManager manager,
      Optional<CacheFolder> cache,
      Integer microBatch,
      int baseSide) {
    MicroBatch micro = new MicroBatch(microBatch == null ? 0 : microBatch, baseSide);
    return new Passes(manager, micro, stage.checkpointActivations(), cache);
  }
}
