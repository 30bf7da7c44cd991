package org.samclip.data.scenes;

/** Which classes training images show. Validation and test always show all. */
public enum Nouns {
  /** All but the sixteen that are held out, so that naming those is zero-shot. */
  DISTILLED,
  /** All: what a teacher learns from. */
  ALL
}
