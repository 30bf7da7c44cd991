package org.samclip.train.stage;

import org.samclip.data.replay.Selection.Side;
import org.samclip.train.feed.DataFiles;
import org.samclip.train.optim.CosineSchedule;
import org.samclip.train.recipe.Duration;
import org.samclip.train.recipe.StageSpec;

/** Durations of stages in steps; epochs are counted in the data, which only headers are read of. */
public final class StageLength {

  private final DataFiles data;
  private final long most;

  /**
   * @param data in which epochs are counted
   */
  public StageLength(DataFiles data) {
    this(data, null);
  }

  /**
   * @param data in which epochs are counted
   * @param maxSteps ends every stage after so many steps; null: none
   */
  public StageLength(DataFiles data, Integer maxSteps) {
    this.data = data;
    this.most = maxSteps == null ? Long.MAX_VALUE : maxSteps;
  }

  /**
   * @param phase any
   * @return its steps: none where nothing is trained
   */
  public long steps(Phase phase) {
    return phase instanceof TrainPhase train ? steps(train.stage()) : 0;
  }

  /**
   * @param stage any
   * @return its steps, at least 1
   */
  public long steps(StageSpec stage) {
    return Math.min(most, steps(stage, stage.duration()));
  }

  /**
   * @param stage any
   * @return the schedule of its rate, which may be planned for longer than the stage
   */
  public CosineSchedule schedule(StageSpec stage) {
    long planned = steps(stage, stage.plannedDuration());
    Duration warmup = stage.optimizer().warmup();
    long rising =
        warmup.isShare()
            ? Math.round(planned * warmup.amount() / 100)
            : Math.min(planned, steps(stage, warmup));
    return new CosineSchedule(rising, planned, stage.optimizer().finalLrFactor());
  }

  /**
   * @param stage any
   * @param every a distance within it: steps, epochs or a share of the stage
   * @return the distance in steps, at least 1
   */
  public long stepsBetween(StageSpec stage, Duration every) {
    return every.isShare()
        ? Math.max(1, Math.round(steps(stage) * every.amount() / 100))
        : steps(stage, every);
  }

  private long steps(StageSpec stage, Duration duration) {
    return Math.max(1, duration.steps(stepsPerEpoch(stage, duration)));
  }

  /** Steps of one pass over the stage's data; only counted where the duration asks for it. */
  double stepsPerEpoch(StageSpec stage, Duration duration) {
    if (duration.unit() != Duration.Unit.EPOCHS) {
      return 1;
    }
    return stage.stepsPerEpoch(data.count(stage.epochFeed().data(), Side.TRAIN));
  }
}
