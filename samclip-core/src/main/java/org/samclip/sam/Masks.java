package org.samclip.sam;

import ai.djl.ndarray.NDArray;

/**
 * What the decoder says of each prompt.
 *
 * @param logits [B, P, M, 4 h, 4 w]; above 0 is inside
 * @param iou [B, P, M], the predicted IoU of each mask
 */
public record Masks(NDArray logits, NDArray iou) {

  /**
   * @return the one mask for an unambiguous prompt: M = 1
   */
  public Masks single() {
    return new Masks(logits.get(":, :, 0:1"), iou.get(":, :, 0:1"));
  }

  /**
   * @return the masks for an ambiguous prompt: M = 3
   */
  public Masks multi() {
    return new Masks(logits.get(":, :, 1:"), iou.get(":, :, 1:"));
  }
}
