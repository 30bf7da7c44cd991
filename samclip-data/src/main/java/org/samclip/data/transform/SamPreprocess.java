package org.samclip.data.transform;

import org.samclip.data.mask.RunLengthMask;

/**
 * SAM's preprocessing: longest side to {@code size} (bilinear), normalise, zeros at the right and
 * the bottom; as segment-anything's {@code ResizeLongestSide} and {@code Sam.preprocess}.
 *
 * @param size side of the square input, pixels
 * @param normalisation usually {@link Normalisation#SAM}
 */
public record SamPreprocess(int size, Normalisation normalisation) {

  /** Checks the size. */
  public SamPreprocess {
    if (size < 1) {
      throw new IllegalArgumentException("SAM input of " + size + " pixels");
    }
  }

  /**
   * With SAM's own normalisation.
   *
   * @param size side of the square input, pixels
   */
  public SamPreprocess(int size) {
    this(size, Normalisation.SAM);
  }

  /**
   * Where an image of a given size comes to lie in the input.
   *
   * @param originalWidth of the image before
   * @param originalHeight of the image before
   * @param width of the picture in the input; the rest is padding
   * @param height of the picture in the input; the rest is padding
   */
  public record Frame(int originalWidth, int originalHeight, int width, int height) {

    /**
     * Maps coordinates into the input: points {@code x, y} or boxes {@code x0, y0, x1, y1}.
     *
     * @param coordinates pairs of x and y in the original image's pixels
     * @return as many pairs in the input's pixels
     */
    public double[] toInput(double... coordinates) {
      return map(coordinates, (double) width / originalWidth, (double) height / originalHeight);
    }

    /**
     * Maps coordinates back into the original image.
     *
     * @param coordinates pairs of x and y in the input's pixels
     * @return as many pairs in the original image's pixels
     */
    public double[] toOriginal(double... coordinates) {
      return map(coordinates, (double) originalWidth / width, (double) originalHeight / height);
    }

    private static double[] map(double[] coordinates, double scaleX, double scaleY) {
      if (coordinates.length % 2 != 0) {
        throw new IllegalArgumentException(coordinates.length + " coordinates: not pairs");
      }
      double[] mapped = new double[coordinates.length];
      for (int i = 0; i < mapped.length; i++) {
        mapped[i] = coordinates[i] * (i % 2 == 0 ? scaleX : scaleY);
      }
      return mapped;
    }
  }

  /**
   * The place of an image in the input.
   *
   * @param width of the image
   * @param height of the image
   * @return its frame
   */
  public Frame frame(int width, int height) {
    double scale = size * 1.0 / Math.max(width, height);
    return new Frame(width, height, side(width, scale), side(height, scale));
  }

  private static int side(int side, double scale) {
    // A strip thinner than half a pixel still gets its one row.
    return Math.max(1, (int) (side * scale + .5));
  }

  /**
   * Resizes the longest side, without padding.
   *
   * @param image any image
   * @return the resized image
   */
  public RgbImage resize(RgbImage image) {
    Frame frame = frame(image.width(), image.height());
    return Resampling.BILINEAR.resize(image, frame.width(), frame.height());
  }

  /**
   * The network's input.
   *
   * @param image any image
   * @return {@code [3, size, size]}
   */
  public float[] apply(RgbImage image) {
    return normalisation.padded(resize(image), size, size);
  }

  /**
   * A mask in the input's frame, nearest neighbour, padded with zeros.
   *
   * @param mask a mask of the image's size
   * @return {@code [size, size]} of zeros and ones
   */
  public byte[] apply(RunLengthMask mask) {
    Frame frame = frame(mask.width(), mask.height());
    LabelMap resized = LabelMap.of(mask).resize(frame.width(), frame.height());
    byte[] padded = new byte[Math.multiplyExact(size, size)];
    for (int y = 0; y < frame.height(); y++) {
      System.arraycopy(resized.labels(), y * frame.width(), padded, y * size, frame.width());
    }
    return padded;
  }
}
