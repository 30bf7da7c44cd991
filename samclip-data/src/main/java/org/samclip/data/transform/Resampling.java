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

  /** What is added before the fraction is dropped, to round. */
  private static final long HALF = 1 << FRACTION_BITS - 1;

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
    if (width == image.width() && height == image.height()) {
      return image.crop(window);
    }
    // Pillow leaves out the pass of a side that stays; the taps of such a side change nothing.
    Taps columns = taps(image.width(), width, window.x(), window.width());
    Taps rows = taps(image.height(), height, window.y(), window.height());
    int stride = Math.multiplyExact(3, window.width());
    byte[] to = new byte[Math.multiplyExact(stride, window.height())];
    // The narrowed rows that the next output row needs, and one more because they come in pairs.
    int[][] narrow = new int[rows.size + 1][stride];
    long[] pair = new long[3 * (columns.end() - columns.start())];
    int[] sums = new int[stride];
    int next = rows.start();
    for (int y = 0; y < window.height(); y++) {
      for (int end = rows.first[y] + rows.size; next < end; next += 2) {
        int second = Math.min(next + 1, image.height() - 1);
        interleave(image, columns, next, second, pair);
        horizontal(pair, columns, narrow[next % narrow.length], narrow[(next + 1) % narrow.length]);
      }
      vertical(narrow, rows, y, sums);
      for (int i = 0, at = y * stride; i < stride; i++) {
        to[at + i] = (byte) sums[i];
      }
    }
    return new RgbImage(window.width(), window.height(), to);
  }

  /**
   * The source pixels of every output pixel, {@code first[i] .. first[i] + size - 1}. Weights of
   * pixels beyond the filter's reach are 0: the same number for all makes the loops' branches
   * predictable.
   */
  private record Taps(int size, int[] first, int[] weights) {

    int start() {
      return first[0];
    }

    int end() {
      return first[first.length - 1] + size;
    }
  }

  private Taps taps(int from, int to, int start, int count) {
    double scale = (double) from / to;
    double filterScale = Math.max(1, scale);
    double reach = support * filterScale;
    int[] first = new int[count];
    int[] length = new int[count];
    int size = 0;
    for (int i = 0; i < count; i++) {
      double centre = (start + i + .5) * scale;
      first[i] = Math.max(0, (int) (centre - reach + .5));
      length[i] = Math.min(from, (int) (centre + reach + .5)) - first[i];
      size = Math.max(size, length[i]);
    }
    int[] weights = new int[Math.multiplyExact(count, size)];
    double[] exact = new double[size];
    for (int i = 0; i < count; i++) {
      double centre = (start + i + .5) * scale;
      double sum = 0;
      for (int k = 0; k < length[i]; k++) {
        exact[k] = weight((k + first[i] - centre + .5) * (1 / filterScale));
        sum += exact[k];
      }
      int inside = Math.min(first[i], from - size);
      int tap = i * size + first[i] - inside;
      first[i] = inside;
      for (int k = 0; k < length[i]; k++) {
        double scaled = (sum == 0 ? exact[k] : exact[k] / sum) * (1 << FRACTION_BITS);
        weights[tap + k] = (int) (scaled < 0 ? scaled - .5 : scaled + .5);
      }
    }
    return new Taps(size, first, weights);
  }

  /** Two rows side by side in one array: what is computed for both costs one multiplication. */
  private static void interleave(RgbImage image, Taps columns, int first, int second, long[] pair) {
    byte[] from = image.rgb();
    int low = 3 * (first * image.width() + columns.start());
    int high = 3 * (second * image.width() + columns.start());
    for (int i = 0; i < pair.length; i++) {
      pair[i] = from[low + i] & 0xFF | (from[high + i] & 0xFFL) << 32;
    }
  }

  /** The horizontal pass over a pair of rows; the results are cut to 0..255. */
  private static void horizontal(long[] pair, Taps taps, int[] low, int[] high) {
    int[] weights = taps.weights;
    int start = taps.start();
    int size = taps.size;
    for (int x = 0, at = 0, tap = 0; x < taps.first.length; x++, at += 3) {
      long red = HALF | HALF << 32;
      long green = red;
      long blue = red;
      int pixel = 3 * (taps.first[x] - start);
      if (size % 2 == 1) {
        long weight = weights[tap++];
        red += weight * pair[pixel++];
        green += weight * pair[pixel++];
        blue += weight * pair[pixel++];
      }
      // Two at a time, and not "<": the JIT would unroll a loop of two or three rounds once more.
      for (int end = (x + 1) * size; tap != end; pixel += 6, tap += 2) {
        long weight = weights[tap];
        long next = weights[tap + 1];
        red += weight * pair[pixel] + next * pair[pixel + 3];
        green += weight * pair[pixel + 1] + next * pair[pixel + 4];
        blue += weight * pair[pixel + 2] + next * pair[pixel + 5];
      }
      low[at] = (int) red;
      low[at + 1] = (int) green;
      low[at + 2] = (int) blue;
      high[at] = high(red);
      high[at + 1] = high(green);
      high[at + 2] = high(blue);
    }
    round(low);
    round(high);
  }

  /** The upper sum; a negative lower one has borrowed from it. */
  private static int high(long sums) {
    return (int) (sums + 0x8000_0000L >> 32);
  }

  /** {@code narrow} holds row {@code r} at {@code r} modulo its length. */
  private static void vertical(int[][] narrow, Taps taps, int y, int[] sums) {
    Arrays.fill(sums, (int) HALF);
    for (int k = 0; k < taps.size; k++) {
      addScaled(sums, narrow[(taps.first[y] + k) % narrow.length], taps.weights[y * taps.size + k]);
    }
    round(sums);
  }

  // The JIT turns these two into vector code as long as they handle nothing but int.

  private static void addScaled(int[] sums, int[] row, int weight) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += weight * row[i];
    }
  }

  /** Drops the fraction and cuts to 0..255 without Math.min and max, which are not vectorised. */
  private static void round(int[] sums) {
    for (int i = 0; i < sums.length; i++) {
      int value = sums[i] >> FRACTION_BITS;
      int above = 255 - (value & ~(value >> 31));
      sums[i] = 255 - (above & ~(above >> 31));
    }
  }
}
