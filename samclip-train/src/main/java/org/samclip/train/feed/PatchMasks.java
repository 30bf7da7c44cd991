package org.samclip.train.feed;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Which patches are hidden from the student: in half of the images, by chance, one rectangle of
 * {@link #LEAST} to {@link #MOST} of the area (iBOT, arXiv 2111.07832, appendix A, with one block
 * in place of several).
 *
 * @param images N
 * @param grid patches along a side
 * @param hidden 1 where hidden, else 0, N grid grid values
 */
public record PatchMasks(int images, int grid, float[] hidden) {

  private static final double LEAST = .1;
  private static final double MOST = .5;

  /**
   * @param images N, at least 1
   * @param grid patches along a side, at least 2
   * @param random decides
   * @return masks; at least two patches of the first image are hidden
   */
  public static PatchMasks draw(int images, int grid, SplittableRandom random) {
    float[] hidden = new float[images * grid * grid];
    for (int image = 0; image < images; image++) {
      double area = random.nextDouble(LEAST, MOST) * grid * grid;
      double stretch = Math.exp(random.nextDouble(Math.log(.5), Math.log(2)));
      int rows = side(Math.sqrt(area * stretch), grid);
      int columns = Math.max(rows == 1 ? 2 : 1, side(Math.sqrt(area / stretch), grid));
      int top = random.nextInt(grid - rows + 1);
      int left = random.nextInt(grid - columns + 1);
      if (!random.nextBoolean() && image > 0) {
        continue;
      }
      for (int row = top; row < top + rows; row++) {
        int at = (image * grid + row) * grid + left;
        Arrays.fill(hidden, at, at + columns, 1);
      }
    }
    return new PatchMasks(images, grid, hidden);
  }

  private static int side(double exact, int grid) {
    return (int) Math.max(1, Math.min(grid, Math.round(exact)));
  }

  /**
   * @param manager owns the result
   * @return [N, grid, grid]
   */
  public NDArray toArray(NDManager manager) {
    return manager.create(hidden, new Shape(images, grid, grid));
  }

  /**
   * @param manager owns the result
   * @return int64 places of the hidden patches among all N grid grid, [M]
   */
  public NDArray indices(NDManager manager) {
    long[] indices = new long[hidden.length];
    int count = 0;
    for (int i = 0; i < hidden.length; i++) {
      if (hidden[i] != 0) {
        indices[count++] = i;
      }
    }
    return manager.create(Arrays.copyOf(indices, count));
  }
}
