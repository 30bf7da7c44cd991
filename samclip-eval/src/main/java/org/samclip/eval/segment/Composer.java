package org.samclip.eval.segment;

import org.samclip.data.transform.SamPreprocess;

/** Labels an image by both heads; {@link HeadComposition} measures it. */
public interface Composer {

  /**
   * Composes one image.
   *
   * @param features of one image
   * @param frame where the image lies in the input
   * @param height rows of the result
   * @param width columns of the result
   * @return labels and masks, belonging to the manager of the features
   */
  Composition compose(HeadFeatures features, SamPreprocess.Frame frame, int height, int width);
}
