package org.samclip.train.recipe;

/**
 * What metrics.jsonl says beside the losses.
 *
 * @param cosineEvery so many steps apart, the cosine between the gradients of a stage's objectives
 *     on the backbone; 0: never
 */
public record TelemetrySpec(int cosineEvery) {

  /** Checks the distance. */
  public TelemetrySpec {
    Check.atLeast(0, "cosine_every", cosineEvery);
  }
}
