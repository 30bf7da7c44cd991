package org.samclip.data;

import org.samclip.data.BrokenSampleException.Kind;

/**
 * One annotation that cannot be used, in an image that can: it costs itself, not the image.
 *
 * @param entry where it is, for example {@code annotations[4]}
 * @param kind what is wrong; the unit by which bad annotations are counted
 * @param message entry, value found, what is allowed
 */
public record BadAnnotation(String entry, Kind kind, String message) {}
