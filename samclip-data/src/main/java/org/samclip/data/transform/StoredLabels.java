package org.samclip.data.transform;

/**
 * A label map as it is stored: a number per pixel, {@code [H, W]}, of which a data set's layout
 * says what it means. The array is not copied and nobody writes to it afterwards.
 *
 * @param width pixels, at least 1
 * @param height pixels, at least 1
 * @param numbers 0..65535 each, {@code height * width}
 */
public record StoredLabels(int width, int height, char[] numbers) {

  /** Checks the sizes. */
  public StoredLabels {
    if (width < 1 || height < 1 || (long) width * height != numbers.length) {
      throw new IllegalArgumentException(
          "a label map of " + width + " x " + height + " with " + numbers.length + " numbers");
    }
  }
}
