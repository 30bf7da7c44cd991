package org.samclip.data.transform;

import java.util.Arrays;

/**
 * Resizes images with Pillow's arithmetic, byte for byte: separable filters that widen when
 * shrinking (antialiasing), coefficients of 22 fractional bits, a horizontal pass rounded and cut
 * to bytes, then the vertical one.
 */
public enum Resampling {
  /** The triangle filter; what SAM resizes with. */
  BILINEAR(1) {
    @Override
    double weight(double x) {
      double distance = Math.abs(x);
      return distance < 1 ? 1 - distance : 0;
    }
  },
  /** Keys' cubic filter with a = -0.5; what CLIP resizes with. */
  BICUBIC(2) {
    @Override
    double weight(double x) {
      final double a = -.5;
      double d = Math.abs(x);
      if (d < 1) {
        return ((a + 2) * d - (a + 3)) * d * d + 1;
      }
      return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
    }
  };

  private static final int FRACTION_BITS = 22;

  private final double support;

  Resampling(double support) {
    this.support = support;
  }

  abstract double weight(double x);

  /**
   * Resizes an image; the aspect ratio is the caller's business.
   *
   * @param image any image
   * @param width new width, at least 1
   * @param height new height, at least 1
   * @return the resized image, or the same one where nothing changes
   */
  public RgbImage resize(RgbImage image, int width, int height) {
    return resize(image, width, height, Crop.whole(width, height));
  }

  /**
   * Resizes an image and cuts a window out of the result, computing nothing outside the window.
   *
   * @param image any image
   * @param width new width of the whole, at least 1
   * @param height new height of the whole, at least 1
   * @param window the part of the resized image that is wanted
   * @return the window of the resized image
   */
  public RgbImage resize(RgbImage image, int width, int height, Crop window) {
    window.requireInside(width, height);
    Taps rows = taps(image.height(), height, window.y(), window.height());
    int firstRow = rows.first[0];
    int lastRow = rows.first[window.height() - 1] + rows.length[window.height() - 1];
    // Pillow leaves a pass out where the size stays; its filter would be the identity anyway.
    RgbImage narrow =
        width == image.width()
            ? image.crop(new Crop(window.x(), firstRow, window.width(), lastRow - firstRow))
            : horizontal(
                image, taps(image.width(), width, window.x(), window.width()), firstRow, lastRow);
    return height == image.height()
        ? narrow.crop(new Crop(0, window.y() - firstRow, window.width(), window.height()))
        : vertical(narrow, rows, firstRow);
  }

  /** The source pixels of every output pixel, {@code first[i] .. first[i] + length[i] - 1}. */
  private record Taps(int size, int[] first, int[] length, int[] weights) {}

  private Taps taps(int from, int to, int start, int count) {
    double scale = (double) from / to;
    double filterScale = Math.max(1, scale);
    double reach = support * filterScale;
    int size = (int) Math.ceil(reach) * 2 + 1;
    int[] first = new int[count];
    int[] length = new int[count];
    int[] weights = new int[Math.multiplyExact(count, size)];
    double[] exact = new double[size];
    for (int i = 0; i < count; i++) {
      double centre = (start + i + .5) * scale;
      first[i] = Math.max(0, (int) (centre - reach + .5));
      length[i] = Math.min(from, (int) (centre + reach + .5)) - first[i];
      double sum = 0;
      for (int k = 0; k < length[i]; k++) {
        exact[k] = weight((k + first[i] - centre + .5) * (1 / filterScale));
        sum += exact[k];
      }
      for (int k = 0; k < length[i]; k++) {
        double scaled = (sum == 0 ? exact[k] : exact[k] / sum) * (1 << FRACTION_BITS);
        weights[i * size + k] = (int) (scaled < 0 ? scaled - .5 : scaled + .5);
      }
    }
    return new Taps(size, first, length, weights);
  }

  private static RgbImage horizontal(RgbImage image, Taps taps, int firstRow, int lastRow) {
    int width = taps.first.length;
    int height = lastRow - firstRow;
    byte[] from = image.rgb();
    byte[] to = new byte[Math.multiplyExact(3, Math.multiplyExact(width, height))];
    for (int y = firstRow, at = 0; y < lastRow; y++) {
      for (int x = 0; x < width; x++) {
        int red = 1 << FRACTION_BITS - 1;
        int green = red;
        int blue = red;
        int pixel = (y * image.width() + taps.first[x]) * 3;
        int tap = x * taps.size;
        for (int end = tap + taps.length[x]; tap < end; tap++, pixel += 3) {
          int weight = taps.weights[tap];
          red += weight * (from[pixel] & 0xFF);
          green += weight * (from[pixel + 1] & 0xFF);
          blue += weight * (from[pixel + 2] & 0xFF);
        }
        to[at++] = round(red);
        to[at++] = round(green);
        to[at++] = round(blue);
      }
    }
    return new RgbImage(width, height, to);
  }

  /** {@code image} begins at row {@code firstRow} of the picture the taps were made for. */
  private static RgbImage vertical(RgbImage image, Taps taps, int firstRow) {
    int height = taps.first.length;
    int stride = 3 * image.width();
    byte[] from = image.rgb();
    byte[] to = new byte[Math.multiplyExact(stride, height)];
    int[] row = new int[stride];
    for (int y = 0; y < height; y++) {
      Arrays.fill(row, 1 << FRACTION_BITS - 1);
      for (int k = 0; k < taps.length[y]; k++) {
        int weight = taps.weights[y * taps.size + k];
        int start = (taps.first[y] - firstRow + k) * stride;
        for (int i = 0; i < stride; i++) {
          row[i] += weight * (from[start + i] & 0xFF);
        }
      }
      for (int i = 0; i < stride; i++) {
        to[y * stride + i] = round(row[i]);
      }
    }
    return new RgbImage(image.width(), height, to);
  }

  private static byte round(int sum) {
    return (byte) Math.max(0, Math.min(255, sum >> FRACTION_BITS));
  }
}
