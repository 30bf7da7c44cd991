package org.samclip.train.feed;

import org.samclip.train.recipe.AreaScaledBatch.Draw;

/** Takes samples from a stream and makes the batch of one resolution of them. */
interface BatchMaker {

  /**
   * @param step that it is for
   * @param draw its resolution, and number of images
   * @return the batch
   */
  ImageBatch of(long step, Draw draw);
}
