package org.samclip.train.stage;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samclip.UserError;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.checkpoint.ParameterLoader;
import org.samclip.checkpoint.SafetensorsFile;
import org.samclip.checkpoint.TensorSource;
import org.samclip.data.cache.CacheFolder;
import org.samclip.data.cache.CacheUse;
import org.samclip.data.replay.Position;
import org.samclip.data.replay.Selection.Side;
import org.samclip.model.SamClip;
import org.samclip.model.SamClipModel;
import org.samclip.train.feed.Span;
import org.samclip.train.objective.Distillation;
import org.samclip.train.objective.Distillations;
import org.samclip.train.objective.Objective;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.FoldedNames;
import org.samclip.train.optim.GradientTelemetry;
import org.samclip.train.optim.Optimizers;
import org.samclip.train.optim.WeightAverage;
import org.samclip.train.recipe.Duration;
import org.samclip.train.recipe.ParameterTable;
import org.samclip.train.recipe.ParameterTable.NamedShape;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.StageSpec;
import org.samclip.train.recipe.ValidationSpec;
import org.samclip.train.recipe.ValidationSpec.Keep;
import org.samclip.train.store.Best;
import org.samclip.train.store.CheckpointStore;
import org.samclip.train.store.Progress;
import org.samclip.train.store.RunFolder;

/**
 * Runs one stage: source, sample, transform, batch, backbone, heads, losses against the teachers,
 * one update, now and then a look at held-out images, checkpoint.
 */
public final class StageRunner {

  private final Distillations distillations;
  private final Validation validation;
  private final RunFolder folder;
  private final CheckpointStore store;
  private final Recipe recipe;
  private final StageLength length;
  private final Interruption interruption;

  /**
   * @param validation looks at the model; what it measures on held-out images is trained on the
   *     rest
   * @param length of the stages
   * @param folder of the run
   * @param store of the run's checkpoints
   * @param interruption ends the stage early
   */
  public StageRunner(
      Validation validation,
      StageLength length,
      RunFolder folder,
      CheckpointStore store,
      Interruption interruption) {
    this.distillations = validation.distillations();
    this.validation = validation;
    this.folder = folder;
    this.store = store;
    this.recipe = distillations.recipe();
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
    ParameterTable table = table(stage, model.model());
    AtomicFile.writeString(folder.parameters(phase.row()), table.text());
    Map<String, NDArray> learning = learning(table, model.model());
    AdamW optimizer = Optimizers.of(stage.optimizer(), table, model.model().arrays(), manager);
    Optional<WeightAverage> average =
        Optional.ofNullable(stage.ema()).map(d -> new WeightAverage(learning, d, manager));
    Map<String, NDArray> state = new LinkedHashMap<>(optimizer.state());
    average.ifPresent(a -> state.putAll(a.state()));
    if (from != null) {
      store.restore(state);
    }
    Optional<CacheFolder> cache =
        stage.cacheFeatures()
            ? Optional.of(
                new CacheFolder(recipe.cache().folder(folder.cache()), recipe.cache().maxBytes()))
            : Optional.empty();
    List<Distillation> objectives =
        distillations.of(
            stage,
            model.model(),
            manager,
            cache,
            Side.TRAIN,
            from == null ? Map.of() : from.positions(),
            new Span(first, end));
    try (GradientTelemetry telemetry =
        new GradientTelemetry(learning, name -> name.startsWith("image_encoder."), manager)) {
      Trainer trainer =
          new Trainer(objectives, optimizer, length.schedule(stage), stage.optimizer().clipNorm())
              .optTelemetry(telemetry, recipe.telemetry().cosineEvery());
      Looks looks = new Looks(phase, model, manager, average, from == null ? null : from.best());
      listener.onStage(phase.row(), first, end);
      Duration every = recipe.checkpoint().every();
      Pace pace = new Pace(every, first, end, length.stepsPerEpoch(stage, every));
      boolean ended = first >= end;
      for (long step = first; !ended; step++) {
        Trainer.Step result = trainer.step(step);
        long done = step + 1;
        average.ifPresent(a -> a.update(done));
        Map<String, Double> seen = looks.after(done, end);
        CacheUse use = cache.map(CacheFolder::use).orElse(CacheUse.NONE);
        listener.onStep(
            phase.row(),
            step,
            end,
            result,
            new StepListener.SoFar(trainer.waitedSeconds(), use, seen));
        boolean stop = interruption.requested();
        ended = done == end || looks.enough();
        if (ended) {
          listener.onStageEnd(
              phase.row(), FoldedNames.of(optimizer.untouched(), optimizer.names()));
        }
        if (stop || (!ended && pace.due(done))) {
          store.save(model, state, progress(phase, done, updatesBefore, objectives, looks.best));
          store.removeBest(looks.kept());
        }
        if (stop && !ended) {
          return false;
        }
      }
      average.ifPresent(WeightAverage::swap);
      looks.restoreBest();
      return true;
    } finally {
      objectives.forEach(Objective::close);
      cache.ifPresent(CacheFolder::close);
      average.ifPresent(WeightAverage::close);
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

  private static Map<String, NDArray> learning(ParameterTable table, SamClip model) {
    Map<String, NDArray> arrays = model.arrays();
    Map<String, NDArray> learning = new LinkedHashMap<>();
    for (ParameterTable.Entry entry : table.entries()) {
      if (!entry.frozen()) {
        learning.put(entry.name(), arrays.get(entry.name()));
      }
    }
    return learning;
  }

  private static Progress progress(
      Phase phase, long step, long updatesBefore, List<Distillation> objectives, Best best) {
    Map<String, Position> positions = new HashMap<>();
    objectives.forEach(objective -> positions.put(objective.source(), objective.position()));
    return new Progress(phase.row(), step, updatesBefore + step, positions, best);
  }

  /** The looks at one stage's models, of which the best may be kept, and which may end it. */
  private final class Looks {
    private final Phase phase;
    private final SamClipModel model;
    private final NDManager manager;
    private final Optional<WeightAverage> average;
    private final ValidationSpec spec;
    private Best best;

    Looks(
        Phase phase,
        SamClipModel model,
        NDManager manager,
        Optional<WeightAverage> average,
        Best best) {
      this.phase = phase;
      this.model = model;
      this.manager = manager;
      this.average = average;
      this.spec = phase.stage().validation();
      this.best = best;
    }

    /** What is seen after so many steps; empty if no look is due. */
    Map<String, Double> after(long done, long end) {
      if (spec == null
          || (done % length.stepsBetween(phase.stage(), spec.every()) != 0 && done < end)) {
        return Map.of();
      }
      average.ifPresent(WeightAverage::swap);
      Map<String, Double> seen = validation.look(phase.stage(), model, manager);
      if (spec.chooses()) {
        choose(done, seen);
      }
      average.ifPresent(WeightAverage::swap);
      return seen;
    }

    private void choose(long done, Map<String, Double> seen) {
      Double value = seen.get(spec.metric());
      if (value == null) {
        throw new UserError(
            "stages."
                + phase.stage().name()
                + ".validation.metric: "
                + spec.metric()
                + " is not measured here; measured are "
                + String.join(", ", seen.keySet()));
      }
      best = Best.of(best, done, value, spec);
      if (best.step() == done && spec.keep() == Keep.BEST) {
        store.saveBest(model, phase.row(), done);
      }
    }

    boolean enough() {
      return spec != null
          && spec.stopAfter() != null
          && best != null
          && best.since() >= spec.stopAfter();
    }

    Path kept() {
      return best == null || spec.keep() == Keep.LAST ? null : store.best(phase.row(), best.step());
    }

    /** Puts the best model's values into the stage's. */
    void restoreBest() {
      if (kept() == null) {
        return;
      }
      try (TensorSource source = SafetensorsFile.open(kept())) {
        new ParameterLoader()
            .optIgnoredInFile(name -> !model.model().arrays().containsKey(name))
            .load(model.model().arrays(), source);
      }
    }
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
