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
import org.samclip.student.MergedModel;
import org.samclip.student.Student;
import org.samclip.train.feed.Span;
import org.samclip.train.objective.Feeds;
import org.samclip.train.objective.Passes;
import org.samclip.train.objective.StudentFeed;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.FoldedNames;
import org.samclip.train.optim.GradientTelemetry;
import org.samclip.train.optim.Optimizers;
import org.samclip.train.optim.WeightAverage;
import org.samclip.train.rank.Ranks;
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

  private final Feeds feeds;
  private final Validation validation;
  private final RunFolder folder;
  private final CheckpointStore store;
  private final Recipe recipe;
  private final StageLength length;
  private final Interruption interruption;
  private final Ranks ranks;

  /**
   * @param validation looks at the model; what it measures on held-out images is trained on the
   *     rest
   * @param length of the stages
   * @param folder of the run
   * @param store of the run's checkpoints
   * @param interruption ends the stage early, on all ranks
   * @param ranks who train together; the first of them writes
   */
  public StageRunner(
      Validation validation,
      StageLength length,
      RunFolder folder,
      CheckpointStore store,
      Interruption interruption,
      Ranks ranks) {
    this.feeds = validation.feeds();
    this.validation = validation;
    this.folder = folder;
    this.store = store;
    this.recipe = feeds.recipe();
    this.length = length;
    this.interruption = interruption;
    this.ranks = ranks;
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
      TrainPhase phase,
      MergedModel model,
      NDManager manager,
      Progress from,
      long updatesBefore,
      StepListener listener) {
    StageSpec stage = phase.stage();
    long end = length.steps(stage);
    long first = from == null ? 0 : from.step();
    ParameterTable table = table(stage, model.student());
    if (ranks.writes()) {
      AtomicFile.writeString(folder.parameters(phase.row()), table.text());
    }
    Map<String, NDArray> learning = learning(table, model.student());
    Optional<CacheFolder> cache =
        stage.cacheFeatures()
            ? Optional.of(
                new CacheFolder(
                    ranks.own(recipe.cache().folder(folder.cache())), recipe.cache().maxBytes()))
            : Optional.empty();
    Passes passes = new Passes(manager, stage.checkpointActivations(), cache, ranks);
    TargetScales scales = new TargetScales(stage, model.student(), manager);
    if (from == null) {
      // Before the average takes its first copy of the heads.
      scales.begin(
          (name, batches) -> fresh(stage, name, model.student(), passes.ofWholeBatches(), batches),
          phase.freshHeads());
    }
    AdamW optimizer = Optimizers.of(stage.optimizer(), table, model.student().arrays(), manager);
    Optional<WeightAverage> average =
        Optional.ofNullable(stage.ema()).map(d -> new WeightAverage(learning, d, manager));
    Map<String, NDArray> state = new LinkedHashMap<>(optimizer.state());
    average.ifPresent(a -> state.putAll(a.state()));
    state.putAll(scales.state());
    Feeds.Start start = Feeds.Start.FRESH;
    if (from != null) {
      store.restore(state);
      start = new Feeds.Start(from.positions(), from.means());
    }
    List<StudentFeed> running =
        feeds.of(stage, model.student(), passes, Side.TRAIN, start, new Span(first, end));
    running.forEach(feed -> feed.standardise(scales.maps()));
    try (GradientTelemetry telemetry =
        new GradientTelemetry(learning, name -> name.startsWith(Student.BACKBONE + "."), manager)) {
      Trainer trainer =
          new Trainer(running, optimizer, length.schedule(stage), stage.optimizer().clipNorm())
              .optTelemetry(telemetry, recipe.telemetry().cosineEvery())
              .optRanks(ranks);
      Looks looks =
          new Looks(phase, model, scales, manager, average, from == null ? null : from.best());
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
        // Also what a look has written is behind this on all ranks.
        boolean stop = ranks.agree(interruption.requested());
        ended = done == end || looks.enough();
        if (ended) {
          listener.onStageEnd(
              phase.row(), FoldedNames.of(optimizer.untouched(), optimizer.names()));
        }
        if ((stop || (!ended && pace.due(done))) && ranks.writes()) {
          store.save(model, state, progress(phase, done, updatesBefore, running, looks.best));
          store.removeBest(looks.kept());
        }
        if (stop && !ended) {
          return false;
        }
      }
      average.ifPresent(WeightAverage::swap);
      looks.restoreBest();
      scales.end();
      return true;
    } finally {
      running.forEach(StudentFeed::close);
      scales.close();
      cache.ifPresent(CacheFolder::close);
      average.ifPresent(WeightAverage::close);
      optimizer.close();
    }
  }

  /** A feed from its beginning, for a look at what the teachers say. */
  private StudentFeed fresh(
      StageSpec stage, String name, Student student, Passes passes, int batches) {
    return feeds.one(
        stage, name, student, passes, Side.TRAIN, Feeds.Start.FRESH, new Span(0, batches));
  }

  /**
   * @param stage of a recipe
   * @param model to train; it need not be initialised
   * @return which parameter learns at which rate
   * @throws UserError if the groups do not fit the model
   */
  public static ParameterTable table(StageSpec stage, Student model) {
    List<NamedShape> shapes =
        model.getParameters().stream()
            .map(pair -> new NamedShape(pair.getKey(), pair.getValue().getShape()))
            .toList();
    return ParameterTable.of(stage, shapes);
  }

  private static Map<String, NDArray> learning(ParameterTable table, Student model) {
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
      TrainPhase phase, long step, long updatesBefore, List<StudentFeed> feeds, Best best) {
    Map<String, Position> positions = new HashMap<>();
    Map<String, Double> means = new HashMap<>();
    for (StudentFeed feed : feeds) {
      positions.put(feed.name(), feed.position());
      means.putAll(feed.means());
    }
    return new Progress(phase.row(), step, updatesBefore + step, positions, means, best);
  }

  /** The looks at one stage's models, of which the best may be kept, and which may end it. */
  private final class Looks {
    private final TrainPhase phase;
    private final MergedModel model;
    private final TargetScales scales;
    private final NDManager manager;
    private final Optional<WeightAverage> average;
    private final ValidationSpec spec;
    private Best best;

    Looks(
        TrainPhase phase,
        MergedModel model,
        TargetScales scales,
        NDManager manager,
        Optional<WeightAverage> average,
        Best best) {
      this.phase = phase;
      this.model = model;
      this.scales = scales;
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
      // Every rank looks at all images itself; one's word counts, so that they choose alike.
      Map<String, Double> seen =
          ranks.ofWriter(validation.look(phase.stage(), model, scales, manager));
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
      boolean lower = spec.isLoss() || validation.skills().lowerIsBetter(spec.metric());
      best = Best.of(best, done, value, lower);
      if (best.step() == done && spec.keep() == Keep.BEST && ranks.writes()) {
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
            .optIgnoredInFile(name -> !model.student().arrays().containsKey(name))
            .load(model.student().arrays(), source);
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
