package org.samclip.data.scenes;

/** Hears how far the writing of a set has come; called by the thread that writes. */
@FunctionalInterface
public interface SceneProgress {

  /** Says nothing to nobody. */
  SceneProgress SILENT = (part, done, total) -> {};

  /**
   * @param part what is being written, for example {@code clip}
   * @param done images of this part that are written
   * @param total images of this part
   */
  void written(String part, int done, int total);
}
