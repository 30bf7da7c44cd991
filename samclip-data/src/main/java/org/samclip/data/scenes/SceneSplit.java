package org.samclip.data.scenes;

/** Training scenes and held-out scenes come from streams of random numbers that never meet. */
public enum SceneSplit {
  /** For training; never shows a class in its held-out style. */
  TRAIN,
  /** For evaluation; shows every class in both styles. */
  HELD_OUT
}
