package org.samclip.data.mask;

import java.util.Arrays;
import java.util.List;
import org.samclip.data.BrokenSampleException;

/**
 * A binary mask as COCO run lengths: column by column from the left, each column from the top, runs
 * of zeros and ones in turn, zeros first (possibly none). Same results as {@code pycocotools.mask}.
 *
 * @param height rows, at least 1
 * @param width columns, at least 1
 * @param counts run lengths, none negative, of sum {@code height * width}
 */
public record RunLengthMask(int height, int width, int[] counts) {

  /** Checks that the runs fill the mask exactly; anything else is a broken sample. */
  public RunLengthMask {
    checkSize(height, width);
    counts = counts.clone();
    long sum = 0;
    for (int count : counts) {
      if (count < 0) {
        throw broken("mask of " + height + " x " + width + ": negative run length " + count);
      }
      sum += count;
    }
    if (sum != (long) height * width) {
      throw broken(
          "mask of "
              + height
              + " x "
              + width
              + ": the run lengths sum to "
              + sum
              + ", not to "
              + (long) height * width);
    }
  }

  static void checkSize(int height, int width) {
    if (height < 1 || width < 1 || (long) height * width > Integer.MAX_VALUE) {
      throw broken("a mask of " + height + " x " + width + " pixels");
    }
  }

  static BrokenSampleException broken(String message) {
    return new BrokenSampleException(BrokenSampleException.Kind.BAD_MASK, message);
  }

  /** A copy of the run lengths. */
  @Override
  public int[] counts() {
    return counts.clone();
  }

  /**
   * Encodes a mask.
   *
   * @param mask {@code [H, W]} row by row; any non-zero byte is inside
   * @param height rows
   * @param width columns
   * @return its run lengths
   */
  public static RunLengthMask encode(byte[] mask, int height, int width) {
    checkSize(height, width);
    if (mask.length != height * width) {
      throw new IllegalArgumentException(
          mask.length + " values for a mask of " + height + " x " + width);
    }
    return new RunLengthMask(height, width, MaskEncoder.runs(mask, height, width));
  }

  /**
   * Encodes a mask.
   *
   * @param mask {@code [H, W]} row by row
   * @param height rows
   * @param width columns
   * @return its run lengths
   */
  public static RunLengthMask encode(boolean[] mask, int height, int width) {
    byte[] bytes = new byte[mask.length];
    for (int i = 0; i < mask.length; i++) {
      bytes[i] = (byte) (mask[i] ? 1 : 0);
    }
    return encode(bytes, height, width);
  }

  /** The mask {@code [H, W]}, row by row, of zeros and ones. */
  public byte[] decode() {
    byte[] mask = new byte[height * width];
    int position = 0;
    for (int i = 0; i < counts.length; i++) {
      if (i % 2 == 1) {
        int x = position / height;
        int y = position % height;
        for (int n = counts[i]; n > 0; n--) {
          mask[y * width + x] = 1;
          if (++y == height) {
            y = 0;
            x++;
          }
        }
      }
      position += counts[i];
    }
    return mask;
  }

  /** Pixels inside the mask. */
  public int area() {
    int area = 0;
    for (int i = 1; i < counts.length; i += 2) {
      area += counts[i];
    }
    return area;
  }

  /** The smallest box around the mask: x, y, width, height in pixels; zeros for an empty mask. */
  public double[] boundingBox() {
    int left = width;
    int right = -1;
    int top = height;
    int bottom = -1;
    int position = 0;
    for (int i = 0; i < counts.length; position += counts[i], i++) {
      if (i % 2 == 0 || counts[i] == 0) {
        continue;
      }
      int last = position + counts[i] - 1;
      left = Math.min(left, position / height);
      right = Math.max(right, last / height);
      if (position / height < last / height) {
        top = 0;
        bottom = height - 1;
      } else {
        top = Math.min(top, position % height);
        bottom = Math.max(bottom, last % height);
      }
    }
    return right < 0 ? new double[4] : new double[] {left, top, right - left + 1, bottom - top + 1};
  }

  /**
   * Intersection over union with a ground-truth mask of the same size; 0 where nothing is shared.
   *
   * @param truth the ground truth
   * @param crowd whether the truth is a crowd: then the intersection is divided by this mask's area
   * @return 0..1
   */
  public double iou(RunLengthMask truth, boolean crowd) {
    requireSameSize(truth);
    long[] shared = new long[1];
    walk(truth, (here, there, length) -> shared[0] += here && there ? length : 0);
    if (shared[0] == 0) {
      return 0;
    }
    long union = crowd ? area() : (long) area() + truth.area() - shared[0];
    return (double) shared[0] / union;
  }

  /**
   * The union or intersection of masks of one size.
   *
   * @param masks at least one
   * @param intersect whether to intersect instead of to unite
   * @return the merged mask
   */
  public static RunLengthMask merge(List<RunLengthMask> masks, boolean intersect) {
    if (masks.isEmpty()) {
      throw new IllegalArgumentException("no mask to merge");
    }
    RunLengthMask merged = masks.get(0);
    for (RunLengthMask next : masks.subList(1, masks.size())) {
      merged.requireSameSize(next);
      RunBuilder runs = new RunBuilder();
      merged.walk(next, (here, there, n) -> runs.add(intersect ? here && there : here || there, n));
      merged = new RunLengthMask(merged.height, merged.width, runs.counts());
    }
    return merged;
  }

  /** COCO's compressed string of the run lengths. */
  public String toCompressedString() {
    return CompressedRuns.write(counts);
  }

  /**
   * Reads COCO's compressed string.
   *
   * @param height rows
   * @param width columns
   * @param compressed the string
   * @return the mask; a string that does not fit the size is a broken sample
   */
  public static RunLengthMask ofCompressedString(int height, int width, String compressed) {
    checkSize(height, width);
    return new RunLengthMask(height, width, CompressedRuns.read(compressed, height * width));
  }

  private void requireSameSize(RunLengthMask other) {
    if (height != other.height || width != other.width) {
      throw new IllegalArgumentException(
          "masks of " + height + " x " + width + " and " + other.height + " x " + other.width);
    }
  }

  private interface PairVisitor {
    void visit(boolean here, boolean there, int length);
  }

  /** Walks two masks of one size in step, in pieces on which both are constant. */
  private void walk(RunLengthMask other, PairVisitor visitor) {
    int a = 0;
    int b = 0;
    int leftA = counts[0];
    int leftB = other.counts[0];
    for (int done = 0; done < height * width; ) {
      while (leftA == 0) {
        leftA = counts[++a];
      }
      while (leftB == 0) {
        leftB = other.counts[++b];
      }
      int step = Math.min(leftA, leftB);
      visitor.visit(a % 2 == 1, b % 2 == 1, step);
      leftA -= step;
      leftB -= step;
      done += step;
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RunLengthMask that
        && height == that.height
        && width == that.width
        && Arrays.equals(counts, that.counts);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * height + width) + Arrays.hashCode(counts);
  }

  @Override
  public String toString() {
    return "RunLengthMask[" + height + " x " + width + ", area " + area() + "]";
  }
}
