package org.samclip.data.scenes;

import java.util.SplittableRandom;

/**
 * A modest change of an object's colours: contrast about middle grey, brightness, and a turn of the
 * hue that keeps the mean of the channels.
 */
final class ColourJitter {

  private static final double BRIGHTNESS = 0.1;
  private static final double CONTRAST = 0.2;
  private static final double HUE_DEGREES = 12;

  private final float[] matrix = new float[9];
  private final float offset;

  private ColourJitter(double brightness, double contrast, double hue) {
    // Rotation about the grey axis (Rodrigues' formula), times the contrast.
    double cos = StrictMath.cos(hue);
    double sin = StrictMath.sin(hue) / Math.sqrt(3);
    double rest = (1 - cos) / 3;
    double[] turn = {
      cos + rest,
      rest - sin,
      rest + sin,
      rest + sin,
      cos + rest,
      rest - sin,
      rest - sin,
      rest + sin,
      cos + rest
    };
    for (int i = 0; i < 9; i++) {
      matrix[i] = (float) (contrast * turn[i]);
    }
    offset = (float) (0.5 * (1 - contrast) + brightness);
  }

  static ColourJitter draw(SplittableRandom random) {
    return new ColourJitter(
        random.nextDouble(-BRIGHTNESS, BRIGHTNESS),
        random.nextDouble(1 - CONTRAST, 1 + CONTRAST),
        Math.toRadians(random.nextDouble(-HUE_DEGREES, HUE_DEGREES)));
  }

  /** Changes one premultiplied pixel {@code red, green, blue, alpha} in place. */
  void apply(float[] rgba) {
    float r = rgba[0];
    float g = rgba[1];
    float b = rgba[2];
    float alpha = rgba[3];
    for (int c = 0; c < 3; c++) {
      float value = matrix[3 * c] * r + matrix[3 * c + 1] * g + matrix[3 * c + 2] * b;
      rgba[c] = Math.max(0, Math.min(alpha, value + offset * alpha));
    }
  }
}
