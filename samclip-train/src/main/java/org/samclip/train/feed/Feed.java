package org.samclip.train.feed;

import java.util.function.LongFunction;
import org.samclip.data.replay.ReplayStream;

/**
 * What an objective reads.
 *
 * @param stream of samples; closed with the objective
 * @param batches over that stream, by step
 * @param span steps to make batches for
 * @param <T> a batch
 */
public record Feed<T extends Batch>(ReplayStream stream, LongFunction<T> batches, Span span) {}
