package org.samclip.train.feed;

import java.util.function.LongFunction;
import org.samclip.data.replay.ReplayStream;

/**
 * What a step reads.
 *
 * @param name in the recipe
 * @param stream of samples; closed with who reads it
 * @param batches over that stream, by step
 * @param span steps to make batches for
 */
public record Feed(String name, ReplayStream stream, LongFunction<FeedBatch> batches, Span span) {}
