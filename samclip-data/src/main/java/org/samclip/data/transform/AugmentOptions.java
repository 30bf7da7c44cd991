package org.samclip.data.transform;

import java.util.Locale;
import org.samclip.UserError;

/**
 * How images are varied for training. Every probability is that of one image; 0 leaves the
 * operation out.
 *
 * @param flip probability of a horizontal flip, 0..1
 * @param jitter random colours
 * @param grey probability of losing all colour, 0..1
 * @param blur Gaussian blur
 * @param solarise inversion of bright values
 */
public record AugmentOptions(
    double flip, Jitter jitter, double grey, Blur blur, Solarise solarise) {

  /** Images stay as they are. */
  public static final AugmentOptions NONE =
      new AugmentOptions(
          0, new Jitter(0, 0, 0, 0, 0), 0, new Blur(0, 9, 0.1, 5), new Solarise(0, 128));

  /** UNIC's (main_unic.py, {@code get_dataloaders}). */
  public static final AugmentOptions UNIC =
      new AugmentOptions(
          0.5,
          new Jitter(0.8, 0.4, 0.4, 0.2, 0.1),
          0.2,
          new Blur(0.2, 9, 0.1, 5),
          new Solarise(0.2, 128));

  /**
   * Changes of brightness, contrast, saturation and hue in random order (torchvision's {@code
   * ColorJitter}). A strength {@code s} draws a factor from {@code max(0, 1 - s)} to {@code 1 + s};
   * 0 leaves that change out.
   *
   * @param probability of an image to be changed at all, 0..1
   * @param brightness strength, 0..10
   * @param contrast strength, 0..10
   * @param saturation strength, 0..10
   * @param hue largest turn to either side, 0..0.5 of the colour circle
   */
  public record Jitter(
      double probability, double brightness, double contrast, double saturation, double hue) {

    /** Checks the ranges. */
    public Jitter {
      requireProbability("jitter.probability", probability);
      require("jitter.brightness", brightness, 0, STRONGEST);
      require("jitter.contrast", contrast, 0, STRONGEST);
      require("jitter.saturation", saturation, 0, STRONGEST);
      require("jitter.hue", hue, 0, 0.5);
    }
  }

  /**
   * Gaussian blur with a width drawn for each image.
   *
   * @param probability of an image to be blurred, 0..1
   * @param kernel pixels on a side that are averaged, odd, 1..99
   * @param sigmaMin smallest standard deviation in pixels, 0.01..100
   * @param sigmaMax largest, at least the smallest
   */
  public record Blur(double probability, int kernel, double sigmaMin, double sigmaMax) {

    /** Checks the ranges. */
    public Blur {
      requireProbability("blur.probability", probability);
      if (kernel < 1 || kernel > 99 || kernel % 2 == 0) {
        throw new UserError(
            "blur.kernel " + kernel + ": allowed: odd numbers 1..99, for example 9");
      }
      require("blur.sigma_min", sigmaMin, 0.01, 100);
      require("blur.sigma_max", sigmaMax, sigmaMin, 100);
    }
  }

  /**
   * Values from a threshold on become {@code 255 - value}.
   *
   * @param probability of an image to be changed, 0..1
   * @param threshold 0..255
   */
  public record Solarise(double probability, int threshold) {

    /** Checks the ranges. */
    public Solarise {
      requireProbability("solarise.probability", probability);
      require("solarise.threshold", threshold, 0, 255);
    }
  }

  private static final double STRONGEST = 10;

  /** Checks the ranges. */
  public AugmentOptions {
    requireProbability("flip", flip);
    requireProbability("grey", grey);
  }

  private static void requireProbability(String key, double value) {
    require(key, value, 0, 1);
  }

  private static void require(String key, double value, double low, double high) {
    if (!(value >= low && value <= high)) {
      throw new UserError(
          key + " " + number(value) + ": allowed: " + number(low) + ".." + number(high));
    }
  }

  private static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e9
        ? String.format(Locale.ROOT, "%d", (long) value)
        : Double.toString(value);
  }
}
