package org.samclip.eval;

import java.util.List;

/** What is done with a class named "background" in semantic segmentation. */
public enum Background {
  /** Its name is a text like that of any other class (VOC with 21 classes). */
  TEXT,
  /**
   * A pixel is background where no other class reaches a probability: the softmax over the other
   * classes at a temperature (VOC with 21 classes).
   */
  THRESHOLD,
  /** Its pixels are not counted and it is never predicted (VOC with 20 classes). */
  EXCLUDED;

  private static final String NAME = "background";

  /**
   * @param classes class names
   * @return index of the background among them, -1 if there is none
   */
  public static int indexIn(List<String> classes) {
    for (int i = 0; i < classes.size(); i++) {
      if (classes.get(i).equalsIgnoreCase(NAME)) {
        return i;
      }
    }
    return -1;
  }
}
