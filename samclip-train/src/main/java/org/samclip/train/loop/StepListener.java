package org.samclip.train.loop;

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
   * @param waitedSeconds time the stage has waited for data so far
   */
  void onStep(String stage, long step, long end, Trainer.Step result, double waitedSeconds);
}
