package org.samclip.model;

import ai.djl.ndarray.NDArray;
import java.util.List;

/** A model that compares with texts and draws masks after one pass of one backbone. */
public interface TwoHeadedModel extends TextAlignedModel, PromptableModel {

  /**
   * What one pass gives.
   *
   * @param image [B, E], in the texts' space, not normalised
   * @param patches [B, E, h, w], in the texts' space, unit length
   * @param tokens [B, h, w, C], of which both are made
   * @param neck [B, N, h, w], for the mask decoder
   */
  record Features(NDArray image, NDArray patches, NDArray tokens, NDArray neck) {}

  /**
   * @param images [B, 3, S, S], normalised, padded with zeros
   * @return what both heads need, on the same token grid
   */
  Features features(NDArray images);

  /**
   * @param tokens [1, h, w, C], {@link Features#tokens} of one image
   * @param regions R regions, each the indices {@code y * w + x} of its tokens, at least one
   * @return [R, E], unit length
   */
  NDArray embedRegions(NDArray tokens, List<long[]> regions);
}
