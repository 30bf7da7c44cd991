package org.samclip.train.recipe;

import java.util.List;
import java.util.SplittableRandom;

/**
 * Variable resolution (paper: "224/448"): one resolution is drawn per step, and the batch shrinks
 * as the area grows, so that every step costs about the same memory.
 *
 * @param batchSize images per step at the base resolution, at least 1
 * @param baseResolution side in pixels for which the batch size is meant
 * @param resolutions the sides to draw from, each with equal chance
 */
public record AreaScaledBatch(int batchSize, int baseResolution, List<Integer> resolutions) {

  // Keeps this stream apart from others that are seeded with the same number.
  private static final long STREAM = 0x5DEECE66DL;

  /** One step's draw: side in pixels and number of images. */
  public record Draw(int resolution, int batchSize) {}

  /** Copies the list. */
  public AreaScaledBatch {
    Check.atLeast(1, "batch_size", batchSize);
    Check.resolution("base_resolution", baseResolution);
    resolutions = Check.notEmpty("resolutions", resolutions);
  }

  /** {@code max(1, round(batchSize * baseResolution^2 / resolution^2))} images. */
  public int batchFor(int resolution) {
    return scaled(batchSize, resolution);
  }

  /**
   * A batch that was given for the base resolution, at another one; at least 1.
   *
   * @param batch images at the base resolution
   * @param resolution side in pixels
   */
  public int scaled(int batch, int resolution) {
    double area = (double) resolution * resolution;
    double scaled = batch * ((double) baseResolution * baseResolution) / area;
    return (int) Math.max(1, Math.min(Integer.MAX_VALUE, Math.round(scaled)));
  }

  /**
   * The draw of one step. It depends on nothing but seed and step: a resumed run draws the same.
   *
   * @param seed seed of this stage's stream
   * @param step number of the step in the stage
   */
  public Draw at(long seed, long step) {
    // A generator per step: its first output is well mixed even for neighbouring seeds.
    SplittableRandom random =
        new SplittableRandom(new SplittableRandom(seed ^ STREAM).nextLong() + step);
    int resolution = resolutions.get(random.nextInt(resolutions.size()));
    return new Draw(resolution, batchFor(resolution));
  }

  /** Mean number of images per step over the resolutions. */
  public double meanBatch() {
    return resolutions.stream().mapToInt(this::batchFor).average().orElseThrow();
  }

  /**
   * Steps of one pass over the data, on average; fractional.
   *
   * @param images images of the source, at least 1
   */
  public double stepsPerEpoch(long images) {
    return images / meanBatch();
  }
}
