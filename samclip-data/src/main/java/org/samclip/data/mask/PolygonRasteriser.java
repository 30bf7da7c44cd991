package org.samclip.data.mask;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Turns polygons and boxes into masks exactly as {@code pycocotools.mask.frPyObjects}: the outline
 * is walked on a grid five times finer, its crossings of pixel columns give the run lengths.
 */
public final class PolygonRasteriser {

  private static final double SCALE = 5;

  /** Outlines longer than this (in fifths of a pixel) are refused before memory is taken. */
  private static final long MAX_OUTLINE = 20_000_000;

  /** Coordinates beyond this would overflow on the fine grid. */
  private static final double MAX_COORDINATE = 1e8;

  private PolygonRasteriser() {}

  /**
   * Rasterises one outline.
   *
   * @param xy corners {@code x0, y0, x1, y1, ...} in pixels, at least three; they may leave the
   *     picture
   * @param height rows of the mask
   * @param width columns of the mask
   * @return the mask
   * @throws org.samclip.data.BrokenSampleException if the corners are no polygon
   */
  public static RunLengthMask polygon(double[] xy, int height, int width) {
    if (xy.length < 6 || xy.length % 2 != 0) {
      throw RunLengthMask.broken(
          "polygon of " + xy.length + " coordinates, allowed: an even number from 6 on");
    }
    return rasterise(xy, height, width);
  }

  /**
   * Rasterises an object of several outlines, as their union.
   *
   * @param polygons outlines, at least one
   * @param height rows of the mask
   * @param width columns of the mask
   * @return the mask
   */
  public static RunLengthMask polygons(List<double[]> polygons, int height, int width) {
    if (polygons.isEmpty()) {
      throw RunLengthMask.broken("segmentation without a polygon");
    }
    List<RunLengthMask> masks = new ArrayList<>();
    for (double[] polygon : polygons) {
      masks.add(polygon(polygon, height, width));
    }
    return RunLengthMask.merge(masks, false);
  }

  /**
   * Rasterises a box.
   *
   * @param box x, y, width, height in pixels
   * @param height rows of the mask
   * @param width columns of the mask
   * @return the mask
   */
  public static RunLengthMask box(double[] box, int height, int width) {
    double left = box[0];
    double top = box[1];
    double right = left + box[2];
    double bottom = top + box[3];
    return rasterise(
        new double[] {left, top, left, bottom, right, bottom, right, top}, height, width);
  }

  private static RunLengthMask rasterise(double[] xy, int height, int width) {
    RunLengthMask.checkSize(height, width);
    int corners = xy.length / 2;
    int[] x = new int[corners + 1];
    int[] y = new int[corners + 1];
    for (int i = 0; i < xy.length; i++) {
      if (!(Math.abs(xy[i]) <= MAX_COORDINATE)) {
        throw RunLengthMask.broken("polygon coordinate " + xy[i]);
      }
      (i % 2 == 0 ? x : y)[i / 2] = (int) (SCALE * xy[i] + .5);
    }
    x[corners] = x[0];
    y[corners] = y[0];
    long points = 0;
    for (int i = 0; i < corners; i++) {
      points += Math.max(Math.abs(x[i] - x[i + 1]), Math.abs(y[i] - y[i + 1])) + 1L;
    }
    if (points > MAX_OUTLINE) {
      throw RunLengthMask.broken("polygon with an outline of " + points / SCALE + " pixels");
    }
    Outline outline = new Outline((int) points);
    for (int i = 0; i < corners; i++) {
      outline.line(x[i], y[i], x[i + 1], y[i + 1]);
    }
    return new RunLengthMask(height, width, runs(outline.crossings(height, width)));
  }

  /** Points along the outline on the fine grid. */
  private static final class Outline {
    private final int[] u;
    private final int[] v;
    private int size;

    Outline(int points) {
      u = new int[points];
      v = new int[points];
    }

    /** Walks always in the same direction, so that neighbours share their rounding. */
    void line(int fromX, int fromY, int toX, int toY) {
      int dx = Math.abs(toX - fromX);
      int dy = Math.abs(toY - fromY);
      boolean flip = dx >= dy ? fromX > toX : fromY > toY;
      int xs = flip ? toX : fromX;
      int ys = flip ? toY : fromY;
      int xe = flip ? fromX : toX;
      int ye = flip ? fromY : toY;
      double slope = dx >= dy ? (double) (ye - ys) / dx : (double) (xe - xs) / dy;
      int steps = Math.max(dx, dy);
      for (int d = 0; d <= steps; d++, size++) {
        int t = flip ? steps - d : d;
        if (steps == 0) {
          u[size] = xs;
          v[size] = ys;
        } else if (dx >= dy) {
          u[size] = t + xs;
          v[size] = (int) (ys + slope * t + .5);
        } else {
          v[size] = t + ys;
          u[size] = (int) (xs + slope * t + .5);
        }
      }
    }

    /** Positions (column-major) at which the mask changes, sorted, with the end of the mask. */
    int[] crossings(int height, int width) {
      int[] at = new int[size + 1];
      int found = 0;
      for (int j = 1; j < size; j++) {
        if (u[j] == u[j - 1]) {
          continue;
        }
        double column = ((u[j] < u[j - 1] ? u[j] : u[j] - 1) + .5) / SCALE - .5;
        if (Math.floor(column) != column || column < 0 || column > width - 1) {
          continue;
        }
        double row = (Math.min(v[j], v[j - 1]) + .5) / SCALE - .5;
        row = Math.ceil(Math.max(0, Math.min(height, row)));
        at[found++] = ((int) column) * height + (int) row;
      }
      at[found++] = height * width;
      Arrays.sort(at, 0, found);
      return Arrays.copyOf(at, found);
    }
  }

  /** Differences of the crossings; two crossings in one place cancel. */
  private static int[] runs(int[] crossings) {
    int[] lengths = new int[crossings.length];
    for (int i = 0, previous = 0; i < crossings.length; i++) {
      lengths[i] = crossings[i] - previous;
      previous = crossings[i];
    }
    int[] counts = new int[lengths.length];
    int size = 0;
    counts[size++] = lengths[0];
    for (int i = 1; i < lengths.length; ) {
      if (lengths[i] > 0) {
        counts[size++] = lengths[i++];
      } else {
        i++;
        if (i < lengths.length) {
          counts[size - 1] += lengths[i++];
        }
      }
    }
    return Arrays.copyOf(counts, size);
  }
}
