package org.samclip.data.transform;

import java.util.List;

/**
 * Four square images as one of twice their side, for a network that takes one size (C-RADIOv4,
 * 2601.17237: small images through a SAM 3 of 1152 pixels). Images are numbered by rows: 0 and 1
 * above, 2 and 3 below. The same quarters hold for pixels and for the cells of a grid of features.
 */
public final class Mosaic {

  /** How many images a mosaic has. */
  public static final int IMAGES = 4;

  private static final int SIDE = 2;

  private Mosaic() {}

  /**
   * Puts images together.
   *
   * @param images four, {@code S/2} x {@code S/2} each
   * @return {@code S} x {@code S}
   */
  public static RgbImage of(List<RgbImage> images) {
    if (images.size() != IMAGES) {
      throw new IllegalArgumentException("a mosaic of " + images.size() + " images, not 4");
    }
    int half = images.get(0).width();
    int side = Math.multiplyExact(SIDE, half);
    byte[] out = new byte[Math.multiplyExact(3, Math.multiplyExact(side, side))];
    for (int i = 0; i < IMAGES; i++) {
      RgbImage image = images.get(i);
      if (image.width() != half || image.height() != half) {
        throw new IllegalArgumentException(
            "image %d of a mosaic has %d x %d pixels, not %d x %d"
                .formatted(i, image.width(), image.height(), half, half));
      }
      Crop quarter = quarter(i, side);
      for (int y = 0; y < half; y++) {
        int to = ((quarter.y() + y) * side + quarter.x()) * 3;
        System.arraycopy(image.rgb(), y * half * 3, out, to, half * 3);
      }
    }
    return new RgbImage(side, side, out);
  }

  /**
   * Where an image lies.
   *
   * @param image 0..3
   * @param side of the mosaic in pixels or of its grid in cells, even
   * @return its quarter
   */
  public static Crop quarter(int image, int side) {
    int half = half(side);
    if (image < 0 || image >= IMAGES) {
      throw new IllegalArgumentException("image " + image + " of a mosaic; allowed: 0..3");
    }
    return new Crop(image % SIDE * half, image / SIDE * half, half, half);
  }

  /**
   * Which image a place belongs to.
   *
   * @param x column, 0..side-1
   * @param y row, 0..side-1
   * @param side of the mosaic in pixels or of its grid in cells, even
   * @return 0..3
   */
  public static int imageAt(int x, int y, int side) {
    int half = half(side);
    if (x < 0 || x >= side || y < 0 || y >= side) {
      throw new IllegalArgumentException("(" + x + ", " + y + ") in a mosaic of side " + side);
    }
    return y / half * SIDE + x / half;
  }

  /**
   * An image's cells in a grid that is written out by rows, such as features {@code [B, N, D]}.
   *
   * @param image 0..3
   * @param side of the grid in cells, even
   * @return {@code (side/2)^2} indices into {@code side^2}, by rows of the image
   */
  public static int[] cells(int image, int side) {
    Crop quarter = quarter(image, side);
    int[] cells = new int[quarter.width() * quarter.height()];
    for (int i = 0; i < cells.length; i++) {
      int x = quarter.x() + i % quarter.width();
      int y = quarter.y() + i / quarter.width();
      cells[i] = y * side + x;
    }
    return cells;
  }

  private static int half(int side) {
    if (side < SIDE || side % SIDE != 0) {
      throw new IllegalArgumentException("a mosaic of side " + side + ", which is not even");
    }
    return side / SIDE;
  }
}
