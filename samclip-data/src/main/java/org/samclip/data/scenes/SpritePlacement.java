package org.samclip.data.scenes;

import java.util.Arrays;

/**
 * Where and how a sprite is shown.
 *
 * @param centreX pixels
 * @param centreY pixels
 * @param side side of the square sprite in pixels, before rotation
 * @param radians rotation
 * @param flipped whether mirrored left to right
 */
record SpritePlacement(
    double centreX, double centreY, double side, double radians, boolean flipped) {

  /**
   * A sprite drawn by itself, on a rectangle of its own that may reach beyond the image.
   *
   * @param x left column in the image
   * @param y top row in the image
   * @param width columns
   * @param height rows
   * @param rgba {@code [height, width, 4]}, premultiplied, 0..1
   * @param pixels how many pixels have alpha above one half
   */
  record Layer(int x, int y, int width, int height, float[] rgba, int pixels) {

    /** Whether a pixel of the layer belongs to the object's mask. */
    boolean solid(int column, int row) {
      return rgba[(row * width + column) * Sprite.CHANNELS + 3] > 0.5f;
    }
  }

  Layer draw(Sprite sprite, ColourJitter jitter) {
    double cos = StrictMath.cos(radians);
    double sin = StrictMath.sin(radians);
    double reach = side / 2 * (Math.abs(cos) + Math.abs(sin)) + 1;
    int x0 = (int) Math.floor(centreX - reach);
    int y0 = (int) Math.floor(centreY - reach);
    int width = (int) Math.ceil(centreX + reach) - x0;
    int height = (int) Math.ceil(centreY + reach) - y0;
    float[] rgba = new float[width * height * Sprite.CHANNELS];
    float[] pixel = new float[Sprite.CHANNELS];
    int level = sprite.levelFor(side);
    int solid = 0;
    for (int row = 0; row < height; row++) {
      for (int column = 0; column < width; column++) {
        double dx = (x0 + column + 0.5 - centreX) / side;
        double dy = (y0 + row + 0.5 - centreY) / side;
        double u = dx * cos + dy * sin;
        double v = dy * cos - dx * sin;
        if (Math.abs(u) > 0.52 || Math.abs(v) > 0.52) {
          continue;
        }
        Arrays.fill(pixel, 0);
        sprite.sample(level, 0.5 + (flipped ? -u : u), 0.5 + v, pixel);
        if (pixel[3] == 0) {
          continue;
        }
        jitter.apply(pixel);
        if (pixel[3] > 0.5f) {
          solid++;
        }
        System.arraycopy(pixel, 0, rgba, (row * width + column) * Sprite.CHANNELS, Sprite.CHANNELS);
      }
    }
    return new Layer(x0, y0, width, height, rgba, solid);
  }
}
