package org.samclip.model;

import java.util.ArrayList;
import java.util.List;

/**
 * What a network takes for an image: {@code [B, 3, H, W]} float32, red, green and blue, each {@code
 * (byte / divisor - mean) / std}. The scale of mean and deviation is the public program's own, so
 * that its numbers come out to the bit.
 *
 * @param side of the square image in pixels for which the network was made
 * @param patch side of a patch in pixels, of which H and W are multiples
 * @param divisor what bytes are divided by first: 255 for a mean on the scale 0..1, 1 for 0..255
 * @param mean red, green, blue
 * @param std red, green, blue, positive
 */
public record ImageInput(int side, int patch, float divisor, List<Float> mean, List<Float> std) {

  public ImageInput {
    mean = List.copyOf(mean);
    std = List.copyOf(std);
    if (patch < 1 || side < patch || !(divisor > 0) || mean.size() != 3 || std.size() != 3) {
      throw new IllegalArgumentException(
          "an image of side %d, patch %d, divided by %s, with mean %s and deviation %s"
              .formatted(side, patch, divisor, mean, std));
    }
  }

  /**
   * A network that takes bytes as they are.
   *
   * @param side of the square image in pixels
   * @param patch side of a patch in pixels
   * @param mean on the scale 0..255
   * @param std on the scale 0..255
   * @return the input
   */
  public static ImageInput ofBytes(int side, int patch, float[] mean, float[] std) {
    List<Float> means = new ArrayList<>();
    List<Float> deviations = new ArrayList<>();
    for (int channel = 0; channel < mean.length; channel++) {
      means.add(mean[channel]);
      deviations.add(std[channel]);
    }
    return new ImageInput(side, patch, 1, means, deviations);
  }

  /**
   * A network that takes values in 0..1.
   *
   * @param side of the square image in pixels
   * @param patch side of a patch in pixels
   * @param mean on the scale 0..1
   * @param std on the scale 0..1
   * @return the input
   */
  public static ImageInput ofUnits(int side, int patch, double[] mean, double[] std) {
    List<Float> means = new ArrayList<>();
    List<Float> deviations = new ArrayList<>();
    for (int channel = 0; channel < mean.length; channel++) {
      means.add((float) mean[channel]);
      deviations.add((float) std[channel]);
    }
    return new ImageInput(side, patch, 255, means, deviations);
  }
}
