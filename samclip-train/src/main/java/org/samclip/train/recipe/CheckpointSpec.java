package org.samclip.train.recipe;

/**
 * When the state of the run is saved. A checkpoint is also written on Ctrl-C; the model that a
 * stage ends with is kept beside them.
 *
 * @param every distance between checkpoints
 * @param keep how many of them stay
 */
public record CheckpointSpec(Duration every, int keep) {

  /** Checks that something is kept. */
  public CheckpointSpec {
    Check.that(every.amount() > 0, "every", every, "more than nothing");
    Check.that(keep >= 1 && keep <= 1000, "keep", keep, "1 to 1000");
  }
}
