package org.samclip.eval.segment;

/**
 * The pixel of a mask that is farthest from its outside by Euclidean distance; the first in
 * row-major order among equals. What lies beyond the image's border is outside. The distances are
 * exact integers (squared), so the answer is the same on every machine.
 *
 * <p>Two passes as in Meijster, Roerdink and Hesselink (2000), over the mask's bounding box only:
 * distances along columns, then the lowest parabola along rows.
 */
public final class DeepestPoint {

  private DeepestPoint() {}

  /**
   * A pixel.
   *
   * @param x column, from 0
   * @param y row, from 0
   */
  public record Pixel(int x, int y) {}

  /**
   * @param mask {@code [height, width]} in row-major order, non-zero inside
   * @param height rows
   * @param width columns
   * @return the deepest pixel, or null for an empty mask
   */
  public static Pixel of(byte[] mask, int height, int width) {
    int left = width;
    int right = -1;
    int top = height;
    int bottom = -1;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        if (mask[y * width + x] != 0) {
          left = Math.min(left, x);
          right = Math.max(right, x);
          top = Math.min(top, y);
          bottom = y;
        }
      }
    }
    if (right < 0) {
      return null;
    }
    // One pixel of outside all around the bounding box.
    int boxWidth = right - left + 3;
    int boxHeight = bottom - top + 3;
    int[][] vertical = new int[boxHeight][boxWidth];
    for (int y = 1; y < boxHeight - 1; y++) {
      for (int x = 1; x < boxWidth - 1; x++) {
        boolean inside = mask[(top + y - 1) * width + left + x - 1] != 0;
        vertical[y][x] = inside ? vertical[y - 1][x] + 1 : 0;
      }
    }
    for (int y = boxHeight - 2; y > 0; y--) {
      for (int x = 1; x < boxWidth - 1; x++) {
        vertical[y][x] = Math.min(vertical[y][x], vertical[y + 1][x] + 1);
      }
    }
    Pixel deepest = null;
    long depth = 0;
    long[] squared = new long[boxWidth];
    LowerEnvelope envelope = new LowerEnvelope(boxWidth);
    for (int y = 1; y < boxHeight - 1; y++) {
      envelope.squaredDistances(vertical[y], squared);
      for (int x = 1; x < boxWidth - 1; x++) {
        if (squared[x] > depth) {
          depth = squared[x];
          deepest = new Pixel(left + x - 1, top + y - 1);
        }
      }
    }
    return deepest;
  }

  /** The lowest of the parabolas {@code (x - i)^2 + height[i]^2} along one row. */
  private static final class LowerEnvelope {

    private final int[] centre;
    private final int[] start;

    LowerEnvelope(int size) {
      centre = new int[size];
      start = new int[size];
    }

    void squaredDistances(int[] heights, long[] squared) {
      int size = heights.length;
      int last = 0;
      centre[0] = 0;
      start[0] = 0;
      for (int i = 1; i < size; i++) {
        while (last >= 0
            && value(heights, start[last], centre[last]) > value(heights, start[last], i)) {
          last--;
        }
        if (last < 0) {
          last = 0;
          centre[0] = i;
          start[0] = 0;
        } else {
          long from = 1 + crossing(heights, centre[last], i);
          if (from < size) {
            last++;
            centre[last] = i;
            start[last] = (int) from;
          }
        }
      }
      for (int x = size - 1; x >= 0; x--) {
        squared[x] = value(heights, x, centre[last]);
        if (x == start[last]) {
          last--;
        }
      }
    }

    private static long value(int[] heights, int x, int i) {
      return (long) (x - i) * (x - i) + (long) heights[i] * heights[i];
    }

    /** The last x at which the parabola of i is not above that of j, i before j. */
    private static long crossing(int[] heights, int i, int j) {
      long difference =
          (long) j * j
              - (long) i * i
              + (long) heights[j] * heights[j]
              - (long) heights[i] * heights[i];
      return Math.floorDiv(difference, 2L * (j - i));
    }
  }
}
