package org.samclip.eval.segment;

import ai.djl.ndarray.NDArray;

/**
 * Hears what {@link InstanceSegmentation} lets a model draw: of every prompt the model's single
 * mask, whichever mask counts for the IoU. The prompts of two models on the same set come in the
 * same order.
 */
public interface SingleMaskListener {

  /** Hears nothing; the masks it would hear of are not made. */
  SingleMaskListener NONE =
      new SingleMaskListener() {
        @Override
        public void onImage(String key) {}

        @Override
        public void onMask(NDArray coarse, NDArray full) {}
      };

  /**
   * An image begins; it may have no prompts.
   *
   * @param key what it is called
   */
  void onImage(String key);

  /**
   * A mask of that image. Both arrays are closed afterwards.
   *
   * @param coarse {@code [1, 1, 4 h, 4 w]} mask logits as the decoder gives them
   * @param full {@code [1, 1, H, W]} the same at the image's own size; above 0 is inside
   */
  void onMask(NDArray coarse, NDArray full);

  /**
   * @param other hears everything after this one
   * @return both
   */
  default SingleMaskListener and(SingleMaskListener other) {
    SingleMaskListener first = this;
    return new SingleMaskListener() {
      @Override
      public void onImage(String key) {
        first.onImage(key);
        other.onImage(key);
      }

      @Override
      public void onMask(NDArray coarse, NDArray full) {
        first.onMask(coarse, full);
        other.onMask(coarse, full);
      }
    };
  }
}
