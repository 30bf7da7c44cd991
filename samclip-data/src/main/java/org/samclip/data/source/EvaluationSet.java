package org.samclip.data.source;

import java.util.List;

/**
 * Labelled images for measuring, in a fixed order. Unlike a training stream nothing is skipped: a
 * broken item is an error, since a metric over what happened to decode means nothing.
 *
 * @param <T> what one item is
 */
public interface EvaluationSet<T> {

  /** What messages call it. */
  String name();

  /** The classes' names; a label is an index into this list. */
  List<String> classes();

  /** Number of items, at least 1. */
  int size();

  /**
   * Reads and decodes an item.
   *
   * @param index from 0, under {@link #size()}
   * @return the item
   * @throws org.samclip.data.BrokenSampleException if it cannot be read or does not decode
   */
  T get(int index);
}
