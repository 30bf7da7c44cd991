package org.samclip.train.objective;

import ai.djl.ndarray.NDManager;
import java.util.Optional;
import org.samclip.data.cache.CacheFolder;
import org.samclip.train.rank.Ranks;
import org.samclip.train.rank.SingleRank;

/**
 * How a stage computes; nothing of it changes the result beyond rounding.
 *
 * @param manager on the models' device
 * @param checkpointActivations whether the backbone's blocks are computed again in the backward
 *     pass instead of kept
 * @param cache keeps what frozen networks say; empty: they are asked at every step
 * @param ranks who share each batch, and whose losses are told together
 */
public record Passes(
    NDManager manager, boolean checkpointActivations, Optional<CacheFolder> cache, Ranks ranks) {

  /**
   * On whole batches.
   *
   * @param manager on the models' device
   * @param checkpointActivations whether the backbone's blocks are computed again in the backward
   *     pass instead of kept
   * @param cache keeps what frozen networks say; empty: they are asked at every step
   */
  public Passes(NDManager manager, boolean checkpointActivations, Optional<CacheFolder> cache) {
    this(manager, checkpointActivations, cache, SingleRank.ONLY);
  }

  /**
   * @return the same, for what every rank sees whole
   */
  public Passes ofWholeBatches() {
    return new Passes(manager, checkpointActivations, cache);
  }
}
