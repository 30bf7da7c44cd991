package org.samclip.train.loop;

import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samclip.UserError;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.clip.Clip;
import org.samclip.data.cache.CacheFolder;
import org.samclip.data.cache.CacheUse;
import org.samclip.data.replay.Position;
import org.samclip.data.replay.ReplayStream;
import org.samclip.model.SamClip;
import org.samclip.model.SamClipModel;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.FoldedNames;
import org.samclip.train.optim.Optimizers;
import org.samclip.train.recipe.Duration;
import org.samclip.train.recipe.ParameterTable;
import org.samclip.train.recipe.ParameterTable.NamedShape;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.SourcesSpec.ClipSourceSpec;
import org.samclip.train.recipe.SourcesSpec.SamSourceSpec;
import org.samclip.train.recipe.StageSpec;

/**
 * Runs one stage: source, sample, transform, batch, backbone, heads, losses against the teachers,
 * one update, checkpoint.
 */
public final class StageRunner {

  private final Teachers teachers;
  private final DataFiles data;
  private final RunFolder folder;
  private final CheckpointStore store;
  private final Recipe recipe;
  private final StageLength length;
  private final Interruption interruption;

  /**
   * @param teachers are asked
   * @param data feeds
   * @param length of the stages
   * @param folder of the run
   * @param store of the run's checkpoints
   * @param recipe of the run
   * @param interruption ends the stage early
   */
  public StageRunner(
      Teachers teachers,
      DataFiles data,
      StageLength length,
      RunFolder folder,
      CheckpointStore store,
      Recipe recipe,
      Interruption interruption) {
    this.teachers = teachers;
    this.data = data;
    this.folder = folder;
    this.store = store;
    this.recipe = recipe;
    this.length = length;
    this.interruption = interruption;
  }

  /**
   * Trains the model in place.
   *
   * @param phase what to train
   * @param model starts as the phase's start, or as the checkpoint to resume from
   * @param manager on the model's device, owns the optimiser's moments
   * @param from where an earlier run stopped within this phase, or null
   * @param updatesBefore steps of all phases before this one
   * @param listener hears of every step
   * @return whether the stage came to its end; false: it was interrupted, and a checkpoint written
   */
  public boolean run(
      Phase phase,
      SamClipModel model,
      NDManager manager,
      Progress from,
      long updatesBefore,
      StepListener listener) {
    StageSpec stage = phase.stage();
    long end = length.steps(stage);
    long first = from == null ? 0 : from.step();
    Map<String, Position> positions = from == null ? Map.of() : from.positions();

    ParameterTable table = table(stage, model.model());
    AtomicFile.writeString(folder.parameters(phase.row()), table.text());
    AdamW optimizer = Optimizers.of(stage.optimizer(), table, model.model().arrays(), manager);
    if (from != null) {
      store.restore(optimizer);
    }
    Optional<CacheFolder> cache =
        stage.cacheFeatures()
            ? Optional.of(
                new CacheFolder(recipe.cache().folder(folder.cache()), recipe.cache().maxBytes()))
            : Optional.empty();
    List<Objective> objectives =
        objectives(stage, model.model(), manager, cache, positions, new Span(first, end));
    try {
      Trainer trainer =
          new Trainer(objectives, optimizer, length.schedule(stage), stage.optimizer().clipNorm());
      listener.onStage(phase.row(), first, end);
      Duration every = recipe.checkpoint().every();
      Pace pace = new Pace(every, first, end, length.stepsPerEpoch(stage, every));
      for (long step = first; step < end; step++) {
        Trainer.Step result = trainer.step(step);
        CacheUse use = cache.map(CacheFolder::use).orElse(CacheUse.NONE);
        listener.onStep(
            phase.row(), step, end, result, new StepListener.SoFar(trainer.waitedSeconds(), use));
        boolean stop = interruption.requested();
        boolean last = step == end - 1;
        if (last) {
          listener.onStageEnd(
              phase.row(), FoldedNames.of(optimizer.untouched(), optimizer.names()));
        }
        if (stop || (!last && pace.due(step + 1))) {
          store.save(model, optimizer, progress(phase, step + 1, updatesBefore, objectives));
        }
        if (stop) {
          return last;
        }
      }
      return true;
    } finally {
      objectives.forEach(Objective::close);
      cache.ifPresent(CacheFolder::close);
      optimizer.close();
    }
  }

  /**
   * @param stage of a recipe
   * @param model to train; it need not be initialised
   * @return which parameter learns at which rate
   * @throws UserError if the groups do not fit the model
   */
  public static ParameterTable table(StageSpec stage, SamClip model) {
    List<NamedShape> shapes =
        model.getParameters().stream()
            .map(pair -> new NamedShape(pair.getKey(), pair.getValue().getShape()))
            .toList();
    return ParameterTable.of(stage, shapes);
  }

  private Progress progress(
      Phase phase, long step, long updatesBefore, List<Objective> objectives) {
    Map<String, Position> positions = new HashMap<>();
    objectives.forEach(objective -> positions.put(objective.source(), objective.position()));
    return new Progress(phase.row(), step, updatesBefore + step, positions);
  }

  private List<Objective> objectives(
      StageSpec stage,
      SamClip student,
      NDManager manager,
      Optional<CacheFolder> cache,
      Map<String, Position> positions,
      Span span) {
    List<Objective> objectives = new ArrayList<>();
    if (stage.sources().clip() != null) {
      Position start = positions.getOrDefault("clip", Position.START);
      objectives.add(clip(stage, student, manager, cache, start, span));
    }
    if (stage.sources().sam() != null) {
      Position start = positions.getOrDefault("sam", Position.START);
      objectives.add(sam(stage, student, manager, cache, start, span));
    }
    return objectives;
  }

  /** Each stage sees the data in an order of its own. */
  private long seed(StageSpec stage) {
    return recipe.seed() * 31 + stage.name().hashCode();
  }

  private Objective clip(
      StageSpec stage,
      SamClip student,
      NDManager manager,
      Optional<CacheFolder> cache,
      Position start,
      Span span) {
    ClipSourceSpec source = stage.sources().clip();
    Clip teacher = teachers.clip().clip();
    ReplayStream stream = data.clip(seed(stage), false, start);
    // Given views are the same ones in all stages, so that what is cached serves all of them.
    long crops = source.views() > 0 ? recipe.seed() : seed(stage);
    int teacherSide = teacher.config().vision().imageSide();
    Feed<ClipBatch> feed =
        new Feed<>(stream, ClipBatches.of(source, stream, teacherSide, crops), span);
    Passes passes = passes(stage, manager, cache, source.microBatch(), source.baseResolution());
    return new ClipDistillation(student, teacher, feed, passes, stage.losses().clip().weight());
  }

  private Objective sam(
      StageSpec stage,
      SamClip student,
      NDManager manager,
      Optional<CacheFolder> cache,
      Position start,
      Span span) {
    SamSourceSpec source = stage.sources().sam();
    ReplayStream stream = data.sam(seed(stage), start);
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

  /** When the next checkpoint is due. */
  private static final class Pace {
    private final Duration every;
    private final long end;
    private final double stepsPerEpoch;
    private long lastStep;
    private long lastNanos = System.nanoTime();

    Pace(Duration every, long firstStep, long end, double stepsPerEpoch) {
      this.every = every;
      this.end = end;
      this.stepsPerEpoch = stepsPerEpoch;
      this.lastStep = firstStep;
    }

    boolean due(long step) {
      long now = System.nanoTime();
      double seconds = (now - lastNanos) / 1e9;
      long steps = step - lastStep;
      if (every.progress(steps, seconds, stepsPerEpoch, (double) steps / end) < 1) {
        return false;
      }
      lastStep = step;
      lastNanos = now;
      return true;
    }
  }
}
