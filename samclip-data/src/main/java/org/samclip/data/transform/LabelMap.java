package org.samclip.data.transform;

import org.samclip.data.mask.RunLengthMask;

/**
 * One 8-bit label per pixel, {@code [H, W]}; also a mask of zeros and ones. The array is not copied
 * and nobody writes to it afterwards.
 *
 * @param width pixels, at least 1
 * @param height pixels, at least 1
 * @param labels unsigned bytes, {@code height * width}
 */
public record LabelMap(int width, int height, byte[] labels) {

  /** Checks the sizes. */
  public LabelMap {
    if (width < 1 || height < 1 || (long) width * height != labels.length) {
      throw new IllegalArgumentException(
          "a label map of " + width + " x " + height + " with " + labels.length + " labels");
    }
  }

  /**
   * A mask as a map of zeros and ones.
   *
   * @param mask the mask
   * @return its pixels
   */
  public static LabelMap of(RunLengthMask mask) {
    return new LabelMap(mask.width(), mask.height(), mask.decode());
  }

  /** The pixels that are not zero, as a mask. */
  public RunLengthMask toMask() {
    return RunLengthMask.encode(labels, height, width);
  }

  /**
   * The label of one pixel.
   *
   * @param x column
   * @param y row
   * @return 0..255
   */
  public int at(int x, int y) {
    return labels[y * width + x] & 0xFF;
  }

  /**
   * Cuts a rectangle out, as {@link RgbImage#crop} does of the picture.
   *
   * @param crop a rectangle inside the map
   * @return a copy
   */
  public LabelMap crop(Crop crop) {
    crop.requireInside(width, height);
    byte[] cut = new byte[crop.width() * crop.height()];
    for (int y = 0; y < crop.height(); y++) {
      System.arraycopy(
          labels, (crop.y() + y) * width + crop.x(), cut, y * crop.width(), crop.width());
    }
    return new LabelMap(crop.width(), crop.height(), cut);
  }

  /**
   * Takes the nearest label for each new pixel, as Pillow's {@code NEAREST} does.
   *
   * @param newWidth at least 1
   * @param newHeight at least 1
   * @return the resized map
   */
  public LabelMap resize(int newWidth, int newHeight) {
    if (newWidth == width && newHeight == height) {
      return this;
    }
    int[] columns = nearest(width, newWidth);
    int[] rows = nearest(height, newHeight);
    byte[] resized = new byte[Math.multiplyExact(newWidth, newHeight)];
    for (int y = 0, at = 0; y < newHeight; y++) {
      int row = rows[y] * width;
      for (int x = 0; x < newWidth; x++) {
        resized[at++] = labels[row + columns[x]];
      }
    }
    return new LabelMap(newWidth, newHeight, resized);
  }

  private static int[] nearest(int from, int to) {
    int[] index = new int[to];
    double step = (double) from / to;
    // Summed step by step like Pillow: the rounding of a product differs at exact halves.
    double position = step * .5;
    for (int i = 0; i < to; i++, position += step) {
      index[i] = Math.min((int) position, from - 1);
    }
    return index;
  }
}
