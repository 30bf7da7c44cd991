package org.samclip.data.transform;

/**
 * CLIP's preprocessing: shortest side to {@code size} (bicubic), centre crop, normalise; as
 * open_clip's {@code image_transform(size, is_train=False)}.
 *
 * @param size side of the square input, pixels
 * @param normalisation usually {@link Normalisation#CLIP}
 */
public record ClipPreprocess(int size, Normalisation normalisation) {

  /** Checks the size. */
  public ClipPreprocess {
    if (size < 1) {
      throw new IllegalArgumentException("CLIP input of " + size + " pixels");
    }
  }

  /**
   * With CLIP's own normalisation.
   *
   * @param size side of the square input, pixels
   */
  public ClipPreprocess(int size) {
    this(size, Normalisation.CLIP);
  }

  /**
   * Resizes and crops.
   *
   * @param image any image
   * @return {@code size} x {@code size}
   */
  public RgbImage crop(RgbImage image) {
    int width = image.width();
    int height = image.height();
    int shorter = Math.min(width, height);
    // The long side is truncated, not rounded (torchvision's Resize).
    int longer = (int) ((double) ((long) size * Math.max(width, height)) / shorter);
    int newWidth = width <= height ? size : longer;
    int newHeight = width <= height ? longer : size;
    // Only the crop is computed: a thin strip would otherwise grow without bound.
    Crop window =
        new Crop(
            (int) Math.rint((newWidth - size) / 2.0),
            (int) Math.rint((newHeight - size) / 2.0),
            size,
            size);
    return Resampling.BICUBIC.resize(image, newWidth, newHeight, window);
  }

  /**
   * The network's input.
   *
   * @param image any image
   * @return {@code [3, size, size]}
   */
  public float[] apply(RgbImage image) {
    return normalisation.apply(crop(image));
  }
}
