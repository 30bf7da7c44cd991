package org.samclip.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import org.samclip.kernel.Kernels;
import org.samclip.kernel.Kernels.Resize;

/** Learned absolute positions at another resolution (recipe: positions at other resolutions). */
public final class PositionGrid {

  private PositionGrid() {}

  /**
   * Refuses images that patches do not tile: a convolution would drop the rest without a word.
   *
   * @param images their shape
   * @param patch side of a patch in pixels
   * @throws IllegalArgumentException if it is not [B, 3, H, W] with H and W multiples of the patch
   */
  public static void requireWholePatches(Shape images, int patch) {
    if (images.dimension() != 4
        || images.get(1) != 3
        || Math.min(images.get(2), images.get(3)) < patch
        || images.get(2) % patch != 0
        || images.get(3) % patch != 0) {
      throw new IllegalArgumentException(
          "images "
              + images
              + " are not [B, 3, H, W] with H and W multiples of the patch "
              + patch);
    }
  }

  /**
   * SAM's grid, bicubic without antialias.
   *
   * @param target the manager of the result, if it is not the grid itself
   * @param grid [1, G, G, C]
   * @param h rows of tokens
   * @param w columns of tokens
   * @return [1, h, w, C]
   */
  public static NDArray resize(NDManager target, NDArray grid, long h, long w) {
    if (grid.getShape().get(1) == h && grid.getShape().get(2) == w) {
      return grid;
    }
    NDArray resized = resizeChannelsFirst(target, grid, h, w, Resize.BICUBIC);
    return resized.transpose(0, 2, 3, 1);
  }

  /**
   * CLIP's positions: the class row is kept, the grid resized bicubic with antialias (open_clip,
   * model.py {@code resize_pos_embed}).
   *
   * @param target the manager of the result, if it is not the table itself
   * @param positions [1 + G * G, C]
   * @param h rows of tokens
   * @param w columns of tokens
   * @return [1 + h * w, C]
   */
  public static NDArray resizeWithClass(NDManager target, NDArray positions, long h, long w) {
    return resizeTable(target, positions, 1, h, w, Resize.BICUBIC_ANTIALIAS);
  }

  /**
   * A table of positions: its first rows are kept, the grid behind them is resized.
   *
   * @param target the manager of the result, if it is not the table itself
   * @param positions [P + G * G, C]
   * @param kept P, rows of tokens that are no patches
   * @param h rows of tokens
   * @param w columns of tokens
   * @param how the filter
   * @return [P + h * w, C]
   */
  public static NDArray resizeTable(
      NDManager target, NDArray positions, int kept, long h, long w, Resize how) {
    long c = positions.getShape().get(1);
    long g = Math.round(Math.sqrt(positions.getShape().get(0) - kept));
    if (g == h && g == w) {
      return positions;
    }
    NDArray rest = positions.get(kept + ":");
    rest.attach(target);
    NDArray grid = rest.reshape(new Shape(1, g, g, c));
    NDArray resized = resizeChannelsFirst(target, grid, h, w, how);
    NDArray rows = resized.transpose(0, 2, 3, 1).reshape(new Shape(h * w, c));
    if (kept == 0) {
      return rows;
    }
    NDArray first = positions.get("0:" + kept);
    first.attach(target);
    return first.concat(rows, 0);
  }

  private static NDArray resizeChannelsFirst(
      NDManager target, NDArray grid, long h, long w, Resize how) {
    NDArray first = grid.transpose(0, 3, 1, 2);
    first.attach(target);
    return Kernels.resize(target, first, h, w, how);
  }
}
