package org.samclip.data.scenes;

import java.util.Locale;

/**
 * Three parts of the scenes that share nothing: each has a stream of random numbers of its own, and
 * of every class its own sprites.
 */
public enum SceneSplit {
  /** For training. */
  TRAIN,
  /** For everything that is chosen: rates, losses, when to stop. */
  VALIDATION,
  /** For what is reported; looked at once. */
  TEST;

  /** Name in files: {@code train}, {@code validation}, {@code test}. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }
}
