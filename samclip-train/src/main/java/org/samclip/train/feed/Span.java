package org.samclip.train.feed;

/**
 * Steps of a stage.
 *
 * @param first from 0
 * @param end exclusive
 */
public record Span(long first, long end) {}
