package org.samclip.student;

import ai.djl.ndarray.NDArray;
import java.util.List;

/** A head whose outputs can lie in a space that images share with texts. */
public interface AlignedHead extends Head {

  /**
   * @return E, width of that space
   */
  int embedDim();

  /**
   * @param features of the backbone
   * @return [B, h, w, C], what all of its outputs are made of
   */
  NDArray tokens(BackboneFeatures features);

  /**
   * @param tokens [B, h, w, C] of {@link #tokens}
   * @return image embeddings [B, E], not normalised
   */
  NDArray pooled(NDArray tokens);

  /**
   * Parts of one image in the way of a whole one.
   *
   * @param tokens [1, h, w, C] of {@link #tokens}
   * @param regions R regions, each the indices {@code y * w + x} of its tokens, at least one
   * @return embeddings of the regions [R, E], not normalised
   */
  NDArray pooled(NDArray tokens, List<long[]> regions);

  /**
   * @param tokens [B, h, w, C] of {@link #tokens}
   * @return patch features [B, E, h, w], unit length along E
   */
  NDArray dense(NDArray tokens);
}
