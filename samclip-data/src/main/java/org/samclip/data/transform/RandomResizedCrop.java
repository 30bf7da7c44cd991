package org.samclip.data.transform;

import java.util.SplittableRandom;
import org.samclip.UserError;

/**
 * Draws the rectangle of torchvision's {@code RandomResizedCrop}: a share of the area, an aspect
 * ratio (log-uniform) and a place. The caller cuts image and masks with it and resizes both.
 *
 * @param scaleMin smallest share of the area, over 0
 * @param scaleMax largest share of the area, at most 1
 * @param ratioMin smallest width / height, over 0
 * @param ratioMax largest width / height
 */
public record RandomResizedCrop(
    double scaleMin, double scaleMax, double ratioMin, double ratioMax) {

  private static final int TRIES = 10;

  /** Checks the ranges. */
  public RandomResizedCrop {
    if (!(scaleMin > 0 && scaleMin <= scaleMax && scaleMax <= 1)) {
      throw new UserError(
          "crop scale: " + scaleMin + ".." + scaleMax + ", allowed: 0 < min <= max <= 1");
    }
    if (!(ratioMin > 0 && ratioMin <= ratioMax && Double.isFinite(ratioMax))) {
      throw new UserError(
          "crop ratio: " + ratioMin + ".." + ratioMax + ", allowed: 0 < min <= max");
    }
  }

  /**
   * Draws a crop.
   *
   * @param width of the image
   * @param height of the image
   * @param seed decides the crop alone; derive it from run seed, epoch and sample key
   * @return a rectangle inside the image; the largest central one of an allowed ratio where no draw
   *     fits
   */
  public Crop draw(int width, int height, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double area = (double) width * height;
    for (int i = 0; i < TRIES; i++) {
      double target = area * between(random, scaleMin, scaleMax);
      double ratio = Math.exp(between(random, Math.log(ratioMin), Math.log(ratioMax)));
      double cropWidth = Math.rint(Math.sqrt(target * ratio));
      double cropHeight = Math.rint(Math.sqrt(target / ratio));
      if (cropWidth >= 1 && cropWidth <= width && cropHeight >= 1 && cropHeight <= height) {
        int w = (int) cropWidth;
        int h = (int) cropHeight;
        return new Crop(random.nextInt(width - w + 1), random.nextInt(height - h + 1), w, h);
      }
    }
    double ratio = (double) width / height;
    int w = ratio > ratioMax ? atLeastOne(height * ratioMax) : width;
    int h = ratio < ratioMin ? atLeastOne(width / ratioMin) : height;
    return new Crop((width - w) / 2, (height - h) / 2, w, h);
  }

  private static int atLeastOne(double side) {
    return Math.max(1, (int) Math.rint(side));
  }

  private static double between(SplittableRandom random, double low, double high) {
    return low + (high - low) * random.nextDouble();
  }
}
