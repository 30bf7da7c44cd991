package org.samclip.train.teacher;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import org.samclip.data.transform.Mosaic;
import org.samclip.train.feed.MicroBatch;

/** What a teacher says of mosaics, as said of the images in them; see {@link Mosaic}. */
public final class MosaicMaps {

  private static final int ROWS = 2;

  private MosaicMaps() {}

  /**
   * @param images consecutive images of a batch, of which four are a mosaic
   * @return their mosaics
   * @throws IllegalArgumentException if a mosaic has images outside
   */
  public static MicroBatch.Part mosaics(MicroBatch.Part images) {
    if (images.from() % Mosaic.IMAGES != 0 || images.to() % Mosaic.IMAGES != 0) {
      throw new IllegalArgumentException(
          "images " + images.from() + " to " + images.to() + " are not whole mosaics of four");
    }
    return new MicroBatch.Part(images.from() / Mosaic.IMAGES, images.to() / Mosaic.IMAGES);
  }

  /**
   * @param maps of mosaics, [B, D, 2 h, 2 w]
   * @return of their images in order, [4 B, D, h, w]
   * @throws IllegalArgumentException if a map cannot be halved
   */
  public static NDArray apart(NDArray maps) {
    Shape s = maps.getShape();
    if (s.dimension() != 4 || s.get(2) % ROWS != 0 || s.get(3) % ROWS != 0) {
      throw new IllegalArgumentException(s + " has no map of four images");
    }
    long h = s.get(2) / ROWS;
    long w = s.get(3) / ROWS;
    return maps.reshape(s.get(0), s.get(1), ROWS, h, ROWS, w)
        .transpose(0, 2, 4, 1, 3, 5)
        .reshape(s.get(0) * Mosaic.IMAGES, s.get(1), h, w);
  }
}
