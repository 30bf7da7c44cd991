package org.samclip.eval.segment;

import ai.djl.ndarray.NDArray;
import org.samclip.eval.zeroshot.ImageTextModel;
import org.samclip.model.SamClip;

/** A model with both heads on one backbone, which one pass serves. */
public interface TwoHeadModel extends ImageTextModel, PromptedMaskModel {

  /**
   * Runs the backbone once.
   *
   * @param images {@code [B, 3, S, S]} float32, normalised and padded as SAM's
   * @return what both heads need; of it {@link SamClip.Features#patches} and {@link
   *     SamClip.Features#neck} are used, on the same token grid
   */
  SamClip.Features features(NDArray images);
}
