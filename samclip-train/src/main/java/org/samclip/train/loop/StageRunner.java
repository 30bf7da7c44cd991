package org.samclip.train.loop;

import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.samclip.UserError;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.data.replay.Position;
import org.samclip.data.replay.ReplayStream;
import org.samclip.model.SamClip;
import org.samclip.model.SamClipModel;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.Optimizers;
import org.samclip.train.recipe.CheckpointSpec;
import org.samclip.train.recipe.Duration;
import org.samclip.train.recipe.ParameterTable;
import org.samclip.train.recipe.ParameterTable.NamedShape;
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
  private final CheckpointSpec checkpoints;
  private final long seed;
  private final StageLength length;
  private final Interruption interruption;

  /**
   * @param teachers are asked
   * @param data feeds
   * @param length of the stages
   * @param folder of the run
   * @param store of the run's checkpoints
   * @param checkpoints when to write one
   * @param seed of the run
   * @param interruption ends the stage early
   */
  public StageRunner(
      Teachers teachers,
      DataFiles data,
      StageLength length,
      RunFolder folder,
      CheckpointStore store,
      CheckpointSpec checkpoints,
      long seed,
      Interruption interruption) {
    this.teachers = teachers;
    this.data = data;
    this.folder = folder;
    this.store = store;
    this.checkpoints = checkpoints;
    this.seed = seed;
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
    List<Objective> objectives =
        objectives(stage, model.model(), manager, positions, new Span(first, end));
    try {
      Trainer trainer =
          new Trainer(objectives, optimizer, length.schedule(stage), stage.optimizer().clipNorm());
      listener.onStage(phase.row(), first, end);
      Pace pace =
          new Pace(
              checkpoints.every(), first, end, length.stepsPerEpoch(stage, checkpoints.every()));
      for (long step = first; step < end; step++) {
        Trainer.Step result = trainer.step(step);
        listener.onStep(phase.row(), step, end, result, trainer.waitedSeconds());
        boolean stop = interruption.requested();
        boolean last = step == end - 1;
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
      optimizer.close();
    }
  }

  /**
   * @param stage of a recipe
   * @param model to train; it need not be initialised
   * @return which parameter learns at which rate
   * @throws UserError if the groups do not fit the model, or features are to be cached of a
   *     backbone that learns
   */
  public static ParameterTable table(StageSpec stage, SamClip model) {
    List<NamedShape> shapes =
        model.getParameters().stream()
            .map(pair -> new NamedShape(pair.getKey(), pair.getValue().getShape()))
            .toList();
    ParameterTable table = ParameterTable.of(stage, shapes);
    if (stage.cacheFeatures()) {
      requireFrozenBackbone(stage, table);
    }
    return table;
  }

  private static void requireFrozenBackbone(StageSpec stage, ParameterTable table) {
    for (ParameterTable.Entry entry : table.entries()) {
      if (!entry.frozen() && entry.name().startsWith("image_encoder.")) {
        throw new UserError(
            "stages."
                + stage.name()
                + ".cache_features is true, but "
                + entry.name()
                + " learns, so its features change; freeze image_encoder.* or use"
                + " cache_features: false");
      }
    }
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
      Map<String, Position> positions,
      Span span) {
    List<Objective> objectives = new ArrayList<>();
    // Each stage sees the data in an order of its own.
    long own = seed * 31 + stage.name().hashCode();
    if (stage.sources().clip() != null) {
      objectives.add(clip(stage, student, manager, positions, span, own));
    }
    if (stage.sources().sam() != null) {
      objectives.add(sam(stage, student, manager, positions, span, own));
    }
    return objectives;
  }

  private Objective clip(
      StageSpec stage,
      SamClip student,
      NDManager manager,
      Map<String, Position> positions,
      Span span,
      long own) {
    ClipSourceSpec source = stage.sources().clip();
    if (stage.cacheFeatures()) {
      data.requireDistinctClipKeys("stages." + stage.name() + ".cache_features");
    }
    ReplayStream stream = data.clip(own, false, positions.getOrDefault("clip", Position.START));
    int teacherSide = teachers.clip().clip().config().vision().imageSide();
    ClipBatches batches = ClipBatches.of(source, stream, teacherSide, own);
    MicroBatch micro =
        new MicroBatch(
            source.microBatch() == null ? 0 : source.microBatch(), source.baseResolution());
    return new ClipDistillation(
        student,
        teachers.clip().clip(),
        manager,
        stream,
        batches,
        span,
        micro,
        stage.losses().clip().weight(),
        stage.checkpointActivations(),
        stage.cacheFeatures() ? folder.cache() : null);
  }

  private Objective sam(
      StageSpec stage,
      SamClip student,
      NDManager manager,
      Map<String, Position> positions,
      Span span,
      long own) {
    SamSourceSpec source = stage.sources().sam();
    ReplayStream stream = data.sam(own, positions.getOrDefault("sam", Position.START));
    SamBatches batches = SamBatches.of(source, stream, false, own);
    MicroBatch micro =
        new MicroBatch(source.microBatch() == null ? 0 : source.microBatch(), source.resolution());
    return new SamDistillation(
        student,
        teachers.sam().sam(),
        manager,
        stream,
        batches,
        span,
        micro,
        stage.losses().sam(),
        stage.lambda(),
        stage.checkpointActivations());
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
