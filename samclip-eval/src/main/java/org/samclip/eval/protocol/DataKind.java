package org.samclip.eval.protocol;

import java.util.Locale;

/** A set that a protocol reads; the names are the keys of a recipe's {@code evaluation.data}. */
public enum DataKind {
  /** Class folders of the images that are measured. */
  CLASSES("a folder with a folder of images for each class"),
  /** Class folders of the images that answers are looked up in. */
  CLASSES_TRAIN("a folder as for classes, of the images that answers are looked up in"),
  /** Images with label maps. */
  SEMANTIC("a folder with images, labels and classes.txt"),
  /** Images with the masks of their objects. */
  INSTANCES("COCO's JSON, beside a folder of images");

  private final String description;

  DataKind(String description) {
    this.description = description;
  }

  /**
   * @return its key
   */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * @return what it is on disk
   */
  public String description() {
    return description;
  }
}
