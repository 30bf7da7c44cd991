package org.samclip.student;

import ai.djl.ndarray.NDArray;
import org.samclip.sam.SamHead;
import org.samclip.sam.SamHeadConfig;

/** A head that draws the mask of what it is pointed at. */
public interface MaskHead extends Head {

  /** Name of its output, the image embedding [B, N, h, w]. */
  String EMBEDDING = "embedding";

  /**
   * @param features of the backbone
   * @return the image embedding, [B, N, h, w]
   */
  NDArray embedding(BackboneFeatures features);

  /**
   * @return what makes masks of the embedding and prompts
   */
  SamHead decoder();

  /**
   * @return sizes of the decoder
   */
  SamHeadConfig sizes();
}
