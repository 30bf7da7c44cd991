package org.samclip.eval.predict;

import ai.djl.modality.cv.Image;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import org.samclip.data.transform.RgbImage;

/** From DJL's images to the project's, whatever library DJL reads them with. */
final class DjlImage {

  private DjlImage() {}

  /**
   * @param manager any
   * @param image DJL's image
   * @return its colours
   */
  static RgbImage toRgb(NDManager manager, Image image) {
    try (NDArray bytes = image.toNDArray(manager, Image.Flag.COLOR)) {
      return new RgbImage(image.getWidth(), image.getHeight(), bytes.toByteArray());
    }
  }
}
