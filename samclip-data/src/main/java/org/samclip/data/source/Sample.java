package org.samclip.data.source;

import java.util.List;
import java.util.Objects;
import org.samclip.data.BadAnnotation;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.transform.RgbImage;

/**
 * One decoded training sample.
 *
 * @param key name of the sample, unique in its source and the same on every machine
 * @param image decoded image
 * @param text caption, or {@code null} where the source has none
 * @param masks instance masks, each of the image's size; empty where the source has none
 * @param bad annotations that gave no mask because something is wrong with them
 */
public record Sample(
    String key, RgbImage image, String text, List<RunLengthMask> masks, List<BadAnnotation> bad) {

  /**
   * A sample with nothing bad in it.
   *
   * @param key name of the sample
   * @param image decoded image
   * @param text caption, or {@code null}
   * @param masks instance masks
   */
  public Sample(String key, RgbImage image, String text, List<RunLengthMask> masks) {
    this(key, image, text, masks, List.of());
  }

  /** Checks that every mask has the image's size. */
  public Sample {
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(image, "image");
    masks = List.copyOf(masks);
    bad = List.copyOf(bad);
    for (RunLengthMask mask : masks) {
      if (mask.height() != image.height() || mask.width() != image.width()) {
        throw new IllegalArgumentException(
            "sample "
                + key
                + ": a mask of "
                + mask.height()
                + " x "
                + mask.width()
                + " on an image of "
                + image.height()
                + " x "
                + image.width());
      }
    }
  }
}
