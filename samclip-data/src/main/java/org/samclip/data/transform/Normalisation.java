package org.samclip.data.transform;

import java.util.List;

/**
 * {@code (x - mean) / std} per channel. The mean and the deviation are on the scale that follows
 * from {@code divisor}: 255 for values in 0..1 (CLIP), 1 for bytes (SAM).
 *
 * @param divisor what bytes are divided by first, positive
 * @param mean red, green, blue
 * @param std red, green, blue, positive
 */
public record Normalisation(float divisor, List<Float> mean, List<Float> std) {

  /** CLIP's constants, on the scale 0..1 (OpenAI CLIP, {@code _transform}). */
  public static final Normalisation CLIP =
      new Normalisation(
          255,
          List.of(0.48145466f, 0.4578275f, 0.40821073f),
          List.of(0.26862954f, 0.26130258f, 0.27577711f));

  /** SAM's constants, on the scale 0..255 ({@code Sam.pixel_mean}, {@code pixel_std}). */
  public static final Normalisation SAM =
      new Normalisation(1, List.of(123.675f, 116.28f, 103.53f), List.of(58.395f, 57.12f, 57.375f));

  /** Checks that there are three channels and nothing divides by zero. */
  public Normalisation {
    mean = List.copyOf(mean);
    std = List.copyOf(std);
    boolean positive = divisor > 0;
    for (float value : std) {
      positive &= value > 0;
    }
    if (mean.size() != 3 || std.size() != 3 || !positive) {
      throw new IllegalArgumentException(
          "normalisation by " + divisor + ", mean " + mean + ", std " + std);
    }
  }

  /**
   * Normalises an image.
   *
   * @param image any image
   * @return {@code [3, H, W]}
   */
  public float[] apply(RgbImage image) {
    return padded(image, image.height(), image.width());
  }

  /**
   * Normalises an image and fills up with zeros at the right and the bottom.
   *
   * @param image any image
   * @param height at least the image's
   * @param width at least the image's
   * @return {@code [3, height, width]}
   */
  public float[] padded(RgbImage image, int height, int width) {
    if (height < image.height() || width < image.width()) {
      throw new IllegalArgumentException(
          "cannot pad " + image.width() + " x " + image.height() + " to " + width + " x " + height);
    }
    int plane = Math.multiplyExact(height, width);
    float[] out = new float[Math.multiplyExact(3, plane)];
    byte[] rgb = image.rgb();
    float[] red = table(0);
    float[] green = table(1);
    float[] blue = table(2);
    for (int y = 0, from = 0; y < image.height(); y++) {
      int to = y * width;
      for (int end = to + image.width(); to < end; to++, from += 3) {
        out[to] = red[rgb[from] & 0xFF];
        out[plane + to] = green[rgb[from + 1] & 0xFF];
        out[2 * plane + to] = blue[rgb[from + 2] & 0xFF];
      }
    }
    return out;
  }

  private float[] table(int channel) {
    float[] table = new float[256];
    for (int value = 0; value < 256; value++) {
      table[value] = (value / divisor - mean.get(channel)) / std.get(channel);
    }
    return table;
  }
}
