package org.samclip.model;

import ai.djl.ndarray.NDArray;
import java.util.List;

/** A model that compares with texts and draws masks after one pass of one backbone. */
public interface TwoHeadedModel extends TextAlignedModel, PromptableModel {

  /**
   * @param images [B, 3, S, S], normalised, padded with zeros
   * @return what both heads need, on the same token grid
   */
  SamClip.Features features(NDArray images);

  /**
   * @param tokens [1, h, w, C], {@link SamClip.Features#tokens} of one image
   * @param regions R regions, each the indices {@code y * w + x} of its tokens, at least one
   * @return [R, E], unit length
   */
  NDArray embedRegions(NDArray tokens, List<long[]> regions);
}
