package org.samclip.data.transform;

import java.util.Optional;
import java.util.SplittableRandom;

/**
 * A picture moved by whole patches under a network's grid: cell {@code (x, y)} shows the patch that
 * is in cell {@code (x - dx, y - dy)} without the shift. Student and teacher are shifted
 * independently, and their loss is taken where both grids show the same patches (C-RADIOv4,
 * 2601.17237), so that neither learns the other's artefacts of position.
 *
 * <p>What moves in at the border is either nothing ({@link #translate}, zeros behind the
 * normalisation) or more of a larger picture ({@link #window}), which then has a margin around what
 * the grid shows without a shift.
 *
 * @param dx patches to the right
 * @param dy patches down
 */
public record Shift(int dx, int dy) {

  /** Nothing moves. */
  public static final Shift NONE = new Shift(0, 0);

  private static final int FURTHEST = 1 << 15;

  /** Checks that pixels can be counted. */
  public Shift {
    if (Math.abs((long) dx) > FURTHEST || Math.abs((long) dy) > FURTHEST) {
      throw new IllegalArgumentException("a shift of " + dx + ", " + dy + " patches");
    }
  }

  /**
   * The same patches on two grids.
   *
   * @param first their window on the first grid, in cells
   * @param second their window on the second; of the same size
   */
  public record Overlap(Crop first, Crop second) {}

  /**
   * Draws a shift, uniform in both directions.
   *
   * @param most patches to either side, at least 0
   * @param seed decides it; a different one for each network
   * @return at most that far
   */
  public static Shift draw(int most, long seed) {
    if (most < 0 || most > FURTHEST) {
      throw new IllegalArgumentException("shifts of up to " + most + " patches");
    }
    SplittableRandom random = new SplittableRandom(seed);
    return new Shift(random.nextInt(-most, most + 1), random.nextInt(-most, most + 1));
  }

  /**
   * What two grids of the same picture share.
   *
   * @param first shift of the one
   * @param second shift of the other
   * @param width of both grids, cells
   * @param height of both grids, cells
   * @param margin patches of the picture on each side of what a grid shows without a shift; 0 where
   *     zeros move in
   * @return the windows, or empty where no patch of the picture is on both grids
   */
  public static Optional<Overlap> overlap(
      Shift first, Shift second, int width, int height, int margin) {
    if (width < 1 || height < 1 || margin < 0) {
      throw new IllegalArgumentException(
          "grids of " + width + " x " + height + " cells, margin " + margin);
    }
    int left = Math.max(-margin, Math.max(-first.dx, -second.dx));
    int right = width + Math.min(margin, Math.min(-first.dx, -second.dx));
    int top = Math.max(-margin, Math.max(-first.dy, -second.dy));
    int bottom = height + Math.min(margin, Math.min(-first.dy, -second.dy));
    if (left >= right || top >= bottom) {
      return Optional.empty();
    }
    return Optional.of(
        new Overlap(
            new Crop(left + first.dx, top + first.dy, right - left, bottom - top),
            new Crop(left + second.dx, top + second.dy, right - left, bottom - top)));
  }

  /**
   * Moves a normalised picture; zeros move in.
   *
   * @param values {@code [C, height, width]}
   * @param height pixels
   * @param width pixels
   * @param patch side of a patch, pixels
   * @return {@code [C, height, width]}
   */
  public float[] translate(float[] values, int height, int width, int patch) {
    int plane = Math.multiplyExact(height, width);
    if (plane < 1 || values.length % plane != 0 || patch < 1) {
      throw new IllegalArgumentException(
          values.length + " values in planes of " + width + " x " + height + ", patch " + patch);
    }
    float[] out = new float[values.length];
    long right = (long) dx * patch;
    long down = (long) dy * patch;
    if (Math.abs(right) >= width || Math.abs(down) >= height) {
      return out;
    }
    int length = width - (int) Math.abs(right);
    int fromX = (int) Math.max(0, -right);
    int toX = (int) Math.max(0, right);
    for (int start = 0; start < values.length; start += plane) {
      for (int y = (int) Math.max(0, down); y < height + Math.min(0, down); y++) {
        int from = start + (y - (int) down) * width + fromX;
        System.arraycopy(values, from, out, start + y * width + toX, length);
      }
    }
    return out;
  }

  /**
   * The part of a larger picture that the shifted grid shows.
   *
   * @param width of the grid, cells
   * @param height of the grid, cells
   * @param margin patches of the picture on each side of the grid, at least the shift
   * @param patch side of a patch, pixels
   * @return what to cut out of {@code (width + 2 margin) patch} x {@code (height + 2 margin) patch}
   *     pixels
   */
  public Crop window(int width, int height, int margin, int patch) {
    if (Math.abs(dx) > margin || Math.abs(dy) > margin) {
      throw new IllegalArgumentException(this + " leaves a margin of " + margin + " patches");
    }
    return new Crop(
        Math.multiplyExact(margin - dx, patch),
        Math.multiplyExact(margin - dy, patch),
        Math.multiplyExact(width, patch),
        Math.multiplyExact(height, patch));
  }
}
