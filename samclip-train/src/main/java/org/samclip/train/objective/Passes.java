package org.samclip.train.objective;

import ai.djl.ndarray.NDManager;
import java.util.Optional;
import org.samclip.data.cache.CacheFolder;
import org.samclip.train.feed.MicroBatch;

/**
 * How an objective computes; nothing of it changes the result beyond rounding.
 *
 * @param manager on the models' device
 * @param microBatch images a forward pass
 * @param checkpointActivations whether the backbone's blocks are computed again in the backward
 *     pass instead of kept
 * @param cache keeps what frozen networks say; empty: they are asked at every step
 */
public record Passes(
    NDManager manager,
    MicroBatch microBatch,
    boolean checkpointActivations,
    Optional<CacheFolder> cache) {}
