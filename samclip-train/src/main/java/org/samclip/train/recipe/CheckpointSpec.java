package org.samclip.train.recipe;

/**
 * When the state of the run is saved. A checkpoint is also written at the end of each stage and on
 * Ctrl-C.
 *
 * @param every distance between checkpoints
 * @param keep how many of them stay; those at the end of a stage always stay
 */
public record CheckpointSpec(Duration every, int keep) {

  /** Checks that something is kept. */
  public CheckpointSpec {
    Check.that(every.amount() > 0, "every", every, "more than nothing");
    Check.that(keep >= 1 && keep <= 1000, "keep", keep, "1 to 1000");
  }
}
