package org.samclip.data.scenes;

import java.util.SplittableRandom;

/**
 * Paints backgrounds. Every kind is a mixture of two colours by a weight 0..1 per pixel. Lengths
 * are shares of the side, so a background looks alike at every size. Sines come from {@link
 * StrictMath}: the same pixels on every machine.
 */
final class BackgroundPainter {

  /** Smallest distance of the two colours, of the 1.73 between black and white. */
  private static final double CONTRAST = 0.3;

  private interface Weight {
    /**
     * @param x 0 left .. 1 right
     * @param y 0 top .. 1 bottom
     */
    double at(double x, double y);
  }

  private BackgroundPainter() {}

  /** Paints {@code [size, size, 3]} in 0..1. */
  static float[] paint(BackgroundKind kind, int size, SplittableRandom random) {
    double[] first = colour(random);
    double[] second = colour(random);
    while (distance(first, second) < CONTRAST) {
      second = colour(random);
    }
    Weight weight = weight(kind, 1.0 / size, random);
    float[] rgb = new float[size * size * 3];
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        double w = weight.at((x + 0.5) / size, (y + 0.5) / size);
        for (int c = 0; c < 3; c++) {
          rgb[(y * size + x) * 3 + c] = (float) (first[c] + w * (second[c] - first[c]));
        }
      }
    }
    return rgb;
  }

  private static Weight weight(BackgroundKind kind, double pixel, SplittableRandom random) {
    double angle = random.nextDouble(Math.PI);
    double cos = StrictMath.cos(angle);
    double sin = StrictMath.sin(angle);
    double shift = random.nextDouble();
    switch (kind) {
      case PLAIN:
        return (x, y) -> 0;
      case LINEAR_GRADIENT:
        double reach = Math.abs(cos) + Math.abs(sin);
        return (x, y) -> 0.5 + ((x - 0.5) * cos + (y - 0.5) * sin) / reach;
      case RADIAL_GRADIENT:
        double centreX = random.nextDouble(0.2, 0.8);
        double centreY = random.nextDouble(0.2, 0.8);
        double radius = random.nextDouble(0.5, 0.9);
        return (x, y) -> Math.min(1, length(x - centreX, y - centreY) / radius);
      case NOISE:
        return noise(random);
      case STRIPES:
        double stripe = random.nextDouble(0.08, 0.3);
        return (x, y) -> band((x * cos + y * sin) / stripe + shift, pixel / stripe);
      case WAVES:
        double wave = random.nextDouble(0.12, 0.3);
        double height = random.nextDouble(0.03, 0.08);
        double turns = 2 * Math.PI * random.nextDouble(2, 4);
        return (x, y) -> {
          double bend = height * StrictMath.sin(turns * (y * cos - x * sin));
          return band((x * cos + y * sin + bend) / wave + shift, pixel / wave);
        };
      case CHECKS:
        double check = random.nextDouble(0.16, 0.4);
        return (x, y) -> {
          double a = band((x * cos + y * sin) / check + shift, pixel / check);
          double b = band((y * cos - x * sin) / check + shift, pixel / check);
          return a + b - 2 * a * b;
        };
      case SPOTS:
        double grid = random.nextDouble(0.12, 0.3);
        double spot = random.nextDouble(0.2, 0.38);
        return (x, y) -> {
          double a = fraction((x * cos + y * sin) / grid + shift) - 0.5;
          double b = fraction((y * cos - x * sin) / grid + shift) - 0.5;
          return clamp(0.5 + (spot - length(a, b)) * grid / pixel);
        };
      default:
        throw new AssertionError(kind);
    }
  }

  /** Alternates between 0 and 1 with period 1, the edges softened over one pixel. */
  private static double band(double position, double pixel) {
    double p = fraction(position);
    double edge = Math.min(Math.min(p, Math.abs(p - 0.5)), 1 - p);
    double side = p < 0.5 ? 1 : -1;
    return clamp(0.5 + side * edge / pixel);
  }

  private static Weight noise(SplittableRandom random) {
    int octaves = 4;
    int coarsest = random.nextInt(2, 6);
    double[][] lattices = new double[octaves][];
    for (int o = 0; o < octaves; o++) {
      int cells = (coarsest << o) + 1;
      lattices[o] = new double[cells * cells];
      for (int i = 0; i < cells * cells; i++) {
        lattices[o][i] = random.nextDouble();
      }
    }
    return (x, y) -> {
      double sum = 0;
      double amplitude = 0.5;
      for (int o = 0; o < octaves; o++, amplitude /= 2) {
        sum += amplitude * (lattice(lattices[o], coarsest << o, x, y) - 0.5);
      }
      // Sums of octaves stay near the middle; spread them over the range.
      return clamp(0.5 + 1.6 * sum);
    };
  }

  private static double lattice(double[] values, int cells, double x, double y) {
    int x0 = Math.min(cells - 1, (int) (x * cells));
    int y0 = Math.min(cells - 1, (int) (y * cells));
    double fx = smooth(x * cells - x0);
    double fy = smooth(y * cells - y0);
    int at = y0 * (cells + 1) + x0;
    double top = values[at] + fx * (values[at + 1] - values[at]);
    int below = at + cells + 1;
    double bottom = values[below] + fx * (values[below + 1] - values[below]);
    return top + fy * (bottom - top);
  }

  private static double smooth(double t) {
    return t * t * (3 - 2 * t);
  }

  private static double fraction(double value) {
    return value - Math.floor(value);
  }

  private static double clamp(double value) {
    return Math.max(0, Math.min(1, value));
  }

  private static double length(double x, double y) {
    return Math.sqrt(x * x + y * y);
  }

  private static double[] colour(SplittableRandom random) {
    double hue = random.nextDouble(6);
    double saturation = random.nextDouble(0.1, 0.9);
    double value = random.nextDouble(0.25, 1);
    double[] rgb = new double[3];
    for (int c = 0; c < 3; c++) {
      // 0 within one sextant of the channel's own hue, 1 beyond two.
      double k = (hue + 6 - 2 * c) % 6;
      double away = clamp(Math.min(k, 6 - k) - 1);
      rgb[c] = value * (1 - saturation * away);
    }
    return rgb;
  }

  private static double distance(double[] a, double[] b) {
    double sum = 0;
    for (int c = 0; c < 3; c++) {
      sum += (a[c] - b[c]) * (a[c] - b[c]);
    }
    return Math.sqrt(sum);
  }
}
