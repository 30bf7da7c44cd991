package org.samclip.model;

import ai.djl.ndarray.NDArray;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;

/** A model that draws the mask of what it is pointed at. */
public interface PromptableModel extends VisionModel {

  /**
   * Encodes images once for any number of prompts.
   *
   * @param images [B, 3, S, S], normalised, then padded with zeros at the right and the bottom
   * @return [B, C, h, w]
   */
  NDArray encodeImages(NDArray images);

  /**
   * @param embedding [B, C, h, w] from {@link #encodeImages}
   * @param prompts P prompts an image, in pixels of the padded image
   * @return all masks, [B, P, 1 + 3, 4 h, 4 w]
   */
  Masks masks(NDArray embedding, Prompts prompts);

  /**
   * Prompts of two or more labelled points each, as in SAM's training: a point and its padding
   * (labels 1, -1), or the corners of a box (labels 2, 3), and further points behind them.
   *
   * @param embedding [B, C, h, w] from {@link #encodeImages}
   * @param xy [B, P, K, 2], pixels of the padded image
   * @param labels [B, P, K], int64
   * @return all masks, [B, P, 1 + 3, 4 h, 4 w]
   */
  Masks masks(NDArray embedding, NDArray xy, NDArray labels);

  /**
   * @return name of the output that {@link #encodeImages} gives
   */
  default String embeddingOutput() {
    return SPATIAL;
  }
}
