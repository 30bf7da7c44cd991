package org.samclip.data.transform;

import java.util.Arrays;

/**
 * Gaussian blur as torchvision's {@code gaussian_blur}: a window of odd side with weights that add
 * up to 1, mirrored at the border without repeating the border's pixels, rounded to the nearest
 * byte. The sums are taken in float64, torch's in float32; so a value that falls on a half may
 * differ by one.
 */
final class GaussianBlur {

  private final double[] weights;

  /**
   * @param kernel side of the window, odd
   * @param sigma standard deviation in pixels, over 0
   */
  GaussianBlur(int kernel, double sigma) {
    if (kernel < 1 || kernel % 2 == 0 || !(sigma > 0)) {
      throw new IllegalArgumentException("a blur with kernel " + kernel + ", sigma " + sigma);
    }
    weights = new double[kernel];
    double sum = 0;
    for (int i = 0; i < kernel; i++) {
      double distance = (i - kernel / 2) / sigma;
      weights[i] = Math.exp(-0.5 * distance * distance);
      sum += weights[i];
    }
    for (int i = 0; i < kernel; i++) {
      weights[i] /= sum;
    }
  }

  /**
   * @param image any
   * @return the blurred image
   */
  RgbImage apply(RgbImage image) {
    int width = image.width();
    int height = image.height();
    byte[] rgb = image.rgb();
    int[] columns = mirrored(width);
    int[] rows = mirrored(height);
    byte[] out = new byte[rgb.length];
    double[] column = new double[3 * width];
    for (int y = 0; y < height; y++) {
      Arrays.fill(column, 0);
      for (int k = 0; k < weights.length; k++) {
        int from = rows[y + k] * 3 * width;
        for (int i = 0; i < column.length; i++) {
          column[i] += weights[k] * (rgb[from + i] & 0xFF);
        }
      }
      for (int x = 0, to = y * 3 * width; x < width; x++, to += 3) {
        double r = 0;
        double g = 0;
        double b = 0;
        for (int k = 0; k < weights.length; k++) {
          int from = 3 * columns[x + k];
          r += weights[k] * column[from];
          g += weights[k] * column[from + 1];
          b += weights[k] * column[from + 2];
        }
        out[to] = (byte) (int) Math.rint(r);
        out[to + 1] = (byte) (int) Math.rint(g);
        out[to + 2] = (byte) (int) Math.rint(b);
      }
    }
    return new RgbImage(width, height, out);
  }

  /** Which pixel stands where, from half a window before the first to half a window behind. */
  private int[] mirrored(int side) {
    int half = weights.length / 2;
    int period = Math.max(1, 2 * (side - 1));
    int[] pixels = new int[side + 2 * half];
    for (int i = 0; i < pixels.length; i++) {
      int at = Math.floorMod(i - half, period);
      pixels[i] = at < side ? at : period - at;
    }
    return pixels;
  }
}
