package org.samclip.train.stage;

import java.util.List;
import java.util.Map;
import org.samclip.data.cache.CacheUse;

/** Hears of every step, for a progress bar and a log. */
@FunctionalInterface
public interface StepListener {

  /**
   * A stage begins; its first step may take long.
   *
   * @param stage name of the stage
   * @param step steps that an earlier run has done
   * @param end steps of the stage
   */
  default void onStage(String stage, long step, long end) {}

  /**
   * @param stage name of the stage
   * @param step from 0, just done
   * @param end steps of the stage
   * @param result what it did
   * @param soFar what the stage has come to
   */
  void onStep(String stage, long step, long end, Trainer.Step result, SoFar soFar);

  /**
   * A stage has come to its end.
   *
   * @param stage name of the stage
   * @param untouched what was to learn and got no gradient in any step, by name or pattern
   */
  default void onStageEnd(String stage, List<String> untouched) {}

  /**
   * What a stage has come to.
   *
   * @param waitedSeconds time waited for data
   * @param cache what the cache of frozen networks' outputs was good for
   * @param validation what a look at the model after this step gave; empty where none was taken
   */
  record SoFar(double waitedSeconds, CacheUse cache, Map<String, Double> validation) {}
}
