package org.samclip.train.recipe;

/**
 * A scale of its own for a teacher's output. It is measured on the first batches before the stage
 * begins, and then stays. The head is changed so that it goes on from what it was, and back at the
 * stage's end: between stages it always speaks the teacher's own space.
 *
 * @param form of the map
 * @param batches of the feed that it is measured on
 */
public record StandardiseSpec(Form form, int batches) {

  /** Forms of the map, see {@link org.samclip.train.loss.Standardisation}. */
  public enum Form {
    /** Every channel with mean 0 and variance 1. */
    CHANNEL,
    /** Rotated to equal variances, one scale for all. */
    PHI_S
  }

  public StandardiseSpec {
    Check.that(batches >= 1 && batches <= 100_000, "batches", batches, "1 to 100000");
  }
}
