package org.samclip.student;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;

/** Which tokens a head turns into its output. */
public enum Readout {
  /** The class token, or, where the backbone has none, the mean of the patches. */
  SUMMARY,
  /** Every patch. */
  SPATIAL;

  /**
   * @param tokens of the backbone
   * @param classToken whether the first token of the prefix stands for the whole image
   * @return [B, C] or [B, h, w, C]
   */
  NDArray of(Tokens tokens, boolean classToken) {
    if (this == SPATIAL) {
      return tokens.patches();
    }
    if (classToken) {
      return tokens.prefix().get(":, 0");
    }
    Shape s = tokens.patches().getShape();
    NDArray rows = tokens.patches().reshape(s.get(0), s.get(1) * s.get(2), s.get(3));
    return rows.mean(new int[] {1});
  }

  /**
   * @param rows [B, D] or [B, h, w, D]
   * @return [B, D] or [B, D, h, w]
   */
  NDArray channelsFirst(NDArray rows) {
    return this == SPATIAL ? rows.transpose(0, 3, 1, 2) : rows;
  }

  /**
   * @param side of a square image in pixels
   * @param patch side of a patch in pixels
   * @return number of rows for one image
   */
  double rows(int side, int patch) {
    int row = side / patch;
    return this == SPATIAL ? (double) row * row : 1;
  }
}
