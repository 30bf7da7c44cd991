package org.samclip.eval.segment;

import ai.djl.ndarray.NDArray;
import java.util.List;

/**
 * What both heads together found in an image.
 *
 * @param labels {@code [height, width]} in row-major order
 * @param parts what was drawn
 */
public record Composition(int[] labels, List<Part> parts) {

  /**
   * A mask of a class; others may have won all its pixels.
   *
   * @param label of the class
   * @param predictedIou the SAM head's own opinion of the mask
   * @param logits {@code [1, 1, 4 h, 4 w]} mask logits in the frame of the input, belonging to the
   *     manager of the features
   */
  public record Part(int label, float predictedIou, NDArray logits) {}
}
