package org.samclip.data.scenes;

import java.awt.image.BufferedImage;

/**
 * A picture with transparency, with smaller versions of itself so that shrinking does not alias.
 * Colours are premultiplied by alpha, all in 0..1.
 */
final class Sprite {

  /** Colour and alpha of one pixel: red, green, blue, alpha. */
  static final int CHANNELS = 4;

  /**
   * One version.
   *
   * @param side pixels
   * @param rgba {@code [side, side, 4]}
   */
  private record Level(int side, float[] rgba) {

    Level half() {
      int halfSide = side / 2;
      float[] half = new float[halfSide * halfSide * CHANNELS];
      for (int y = 0; y < halfSide; y++) {
        for (int x = 0; x < halfSide; x++) {
          for (int c = 0; c < CHANNELS; c++) {
            int from = (2 * y * side + 2 * x) * CHANNELS + c;
            int below = from + side * CHANNELS;
            half[(y * halfSide + x) * CHANNELS + c] =
                (rgba[from] + rgba[from + CHANNELS] + rgba[below] + rgba[below + CHANNELS]) / 4;
          }
        }
      }
      return new Level(halfSide, half);
    }
  }

  private final Level[] levels = new Level[3];

  Sprite(BufferedImage image) {
    int side = image.getWidth();
    if (image.getHeight() != side || side % 4 != 0) {
      throw new IllegalArgumentException(
          "a sprite of " + side + " x " + image.getHeight() + ", must be square, a multiple of 4");
    }
    float[] rgba = new float[side * side * CHANNELS];
    for (int i = 0; i < side * side; i++) {
      int argb = image.getRGB(i % side, i / side);
      float alpha = (argb >>> 24) / 255f;
      rgba[i * CHANNELS] = (argb >> 16 & 255) / 255f * alpha;
      rgba[i * CHANNELS + 1] = (argb >> 8 & 255) / 255f * alpha;
      rgba[i * CHANNELS + 2] = (argb & 255) / 255f * alpha;
      rgba[i * CHANNELS + 3] = alpha;
    }
    levels[0] = new Level(side, rgba);
    levels[1] = levels[0].half();
    levels[2] = levels[1].half();
  }

  /** The coarsest version that still has about as many pixels as it is shown with. */
  int levelFor(double shownSide) {
    int level = 0;
    while (level + 1 < levels.length && levels[level + 1].side >= 0.9 * shownSide) {
      level++;
    }
    return level;
  }

  /**
   * Bilinear value at a point; transparent outside.
   *
   * @param level a version from {@link #levelFor}
   * @param u 0 left edge .. 1 right edge
   * @param v 0 top edge .. 1 bottom edge
   * @param into receives red, green, blue, alpha
   */
  void sample(int level, double u, double v, float[] into) {
    Level from = levels[level];
    double x = u * from.side - 0.5;
    double y = v * from.side - 0.5;
    int x0 = (int) Math.floor(x);
    int y0 = (int) Math.floor(y);
    float fx = (float) (x - x0);
    float fy = (float) (y - y0);
    for (int c = 0; c < CHANNELS; c++) {
      float top = at(from, x0, y0, c) * (1 - fx) + at(from, x0 + 1, y0, c) * fx;
      float bottom = at(from, x0, y0 + 1, c) * (1 - fx) + at(from, x0 + 1, y0 + 1, c) * fx;
      into[c] = top * (1 - fy) + bottom * fy;
    }
  }

  private static float at(Level level, int x, int y, int channel) {
    if (x < 0 || y < 0 || x >= level.side || y >= level.side) {
      return 0;
    }
    return level.rgba[(y * level.side + x) * CHANNELS + channel];
  }
}
