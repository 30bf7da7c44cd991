package org.samclip.train.loop;

import org.samclip.train.optim.CosineSchedule;
import org.samclip.train.recipe.Duration;
import org.samclip.train.recipe.StageSpec;

/** Durations of stages in steps; epochs are counted in the data, which only headers are read of. */
final class StageLength {

  private final DataFiles data;

  StageLength(DataFiles data) {
    this.data = data;
  }

  /** Steps of a stage, at least 1. */
  long steps(StageSpec stage) {
    return steps(stage, stage.duration());
  }

  /** The schedule of its rate, which may be planned for longer than the stage. */
  CosineSchedule schedule(StageSpec stage) {
    long planned = steps(stage, stage.plannedDuration());
    Duration warmup = stage.optimizer().warmup();
    long rising =
        warmup.isShare()
            ? Math.round(planned * warmup.amount() / 100)
            : Math.min(planned, steps(stage, warmup));
    return new CosineSchedule(rising, planned, stage.optimizer().finalLrFactor());
  }

  private long steps(StageSpec stage, Duration duration) {
    double stepsPerEpoch = 1;
    if (duration.unit() == Duration.Unit.EPOCHS) {
      boolean byClip = stage.sources().clip() != null;
      stepsPerEpoch =
          stage.stepsPerEpoch(byClip ? data.clipCount() : 0, byClip ? 0 : data.samCount());
    }
    return Math.max(1, duration.steps(stepsPerEpoch));
  }
}
