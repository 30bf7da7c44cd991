package org.samclip.eval.segment;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.samclip.eval.zeroshot.ImageTextModel;

/** A model with both heads on one backbone, which one pass serves. */
public interface TwoHeadModel extends ImageTextModel, PromptedMaskModel {

  /**
   * Runs the backbone once.
   *
   * @param images {@code [B, 3, S, S]} float32, normalised and padded as SAM's
   * @return what both heads need
   */
  HeadFeatures features(NDArray images);

  /**
   * Embeds parts of an image as if each were a whole one.
   *
   * @param tokens {@code [1, h, w, C]}, {@link HeadFeatures#tokens} of one image
   * @param regions R regions, each the indices {@code y * w + x} of its tokens, at least one
   * @return {@code [R, E]} float32, each row of L2 norm 1
   */
  NDArray embedRegions(NDArray tokens, List<long[]> regions);
}
