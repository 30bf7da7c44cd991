package org.samclip.data.transform;

/**
 * A rectangle of whole pixels.
 *
 * @param x left edge
 * @param y top edge
 * @param width at least 1
 * @param height at least 1
 */
public record Crop(int x, int y, int width, int height) {

  /** Checks the sizes. */
  public Crop {
    if (x < 0 || y < 0 || width < 1 || height < 1) {
      throw new IllegalArgumentException(
          "a crop of " + width + " x " + height + " at (" + x + ", " + y + ")");
    }
  }

  /**
   * The whole picture.
   *
   * @param width its width
   * @param height its height
   * @return a crop that cuts nothing
   */
  public static Crop whole(int width, int height) {
    return new Crop(0, 0, width, height);
  }

  void requireInside(int imageWidth, int imageHeight) {
    if ((long) x + width > imageWidth || (long) y + height > imageHeight) {
      throw new IllegalArgumentException(
          this + " leaves an image of " + imageWidth + " x " + imageHeight);
    }
  }
}
