package org.samclip.train.recipe;

import org.samclip.data.transform.AugmentOptions;

/**
 * What is done to a crop beside cutting it, for student and teachers alike. What is left out is not
 * done.
 *
 * @param flip chance of a horizontal flip
 * @param jitter changes of the colours
 * @param grey chance of losing all colour
 * @param blur Gaussian blur
 * @param solarise inversion of bright values
 */
public record AugmentSpec(
    double flip, JitterSpec jitter, double grey, BlurSpec blur, SolariseSpec solarise) {

  private static final double STRONGEST = 10;

  /**
   * Brightness, contrast, saturation and hue in random order (torchvision's {@code ColorJitter}).
   *
   * @param probability chance of an image to be changed at all
   * @param brightness factors from 1 - this to 1 + this, not below 0
   * @param contrast the same
   * @param saturation the same
   * @param hue largest turn to either side, as a share of the colour circle
   */
  public record JitterSpec(
      double probability, double brightness, double contrast, double saturation, double hue) {
    public JitterSpec {
      Check.share("probability", probability);
      strength("brightness", brightness);
      strength("contrast", contrast);
      strength("saturation", saturation);
      Check.that(hue >= 0 && hue <= .5, "hue", hue, "0 to 0.5 of the colour circle");
    }

    private static void strength(String key, double value) {
      Check.that(value >= 0 && value <= STRONGEST, key, value, "0 to 10");
    }
  }

  /**
   * Gaussian blur, in pixels of the largest image that the feed's networks see.
   *
   * @param probability chance of an image to be blurred
   * @param kernel pixels on a side that are averaged, odd
   * @param sigmaMin smallest standard deviation
   * @param sigmaMax largest
   */
  public record BlurSpec(double probability, int kernel, double sigmaMin, double sigmaMax) {
    public BlurSpec {
      Check.share("probability", probability);
      Check.that(
          kernel >= 1 && kernel <= 99 && kernel % 2 == 1,
          "kernel",
          kernel,
          "odd numbers 1 to 99, such as 9");
      Check.that(sigmaMin >= .01 && sigmaMin <= 100, "sigma_min", sigmaMin, "0.01 to 100 pixels");
      Check.that(
          sigmaMax >= sigmaMin && sigmaMax <= 100,
          "sigma_max",
          sigmaMax,
          "sigma_min (" + sigmaMin + ") to 100 pixels");
    }
  }

  /**
   * Values from a threshold on become 255 minus themselves.
   *
   * @param probability chance of an image to be changed
   * @param threshold 0 to 255
   */
  public record SolariseSpec(double probability, int threshold) {
    public SolariseSpec {
      Check.share("probability", probability);
      Check.that(threshold >= 0 && threshold <= 255, "threshold", threshold, "0 to 255");
    }
  }

  public AugmentSpec {
    Check.share("flip", flip);
    Check.share("grey", grey);
  }

  /**
   * @return the same for images
   */
  public AugmentOptions options() {
    return new AugmentOptions(
        flip,
        new AugmentOptions.Jitter(
            jitter.probability, jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue),
        grey,
        new AugmentOptions.Blur(blur.probability, blur.kernel, blur.sigmaMin, blur.sigmaMax),
        new AugmentOptions.Solarise(solarise.probability, solarise.threshold));
  }
}
