package org.samclip.data.mask;

import java.util.Arrays;

/**
 * Finds the runs of a mask that is stored row by row. Walking down the columns would touch another
 * cache line at each step; so each row is compared with the one above, as a block, and the few
 * places that differ are then put into the columns' order.
 */
final class MaskEncoder {

  private final byte[] mask;
  private final int height;
  private final int width;
  private final int[] inColumn;
  private int[] changes = new int[1024];
  private int size;

  private MaskEncoder(byte[] mask, int height, int width) {
    this.mask = mask;
    this.height = height;
    this.width = width;
    this.inColumn = new int[width + 1];
  }

  /** Run lengths, column by column, zeros first. */
  static int[] runs(byte[] mask, int height, int width) {
    MaskEncoder encoder = new MaskEncoder(mask, height, width);
    encoder.findChanges();
    return encoder.lengths(encoder.byColumn());
  }

  private boolean inside(int x, int y) {
    return mask[y * width + x] != 0;
  }

  /** Notes each pixel that differs from the one before it in the columns' order. */
  private void findChanges() {
    // Before the top of a column comes the bottom of the column to the left.
    for (int x = 0; x < width; x++) {
      if (inside(x, 0) != (x > 0 && inside(x - 1, height - 1))) {
        add(x, 0);
      }
    }
    for (int y = 1; y < height; y++) {
      int row = y * width;
      for (int x = 0; x < width; x++) {
        int equal = Arrays.mismatch(mask, row + x, row + width, mask, row - width + x, row);
        if (equal < 0) {
          break;
        }
        x += equal;
        // Bytes other than 0 and 1 can differ and mean the same.
        if (inside(x, y) != inside(x, y - 1)) {
          add(x, y);
        }
      }
    }
  }

  private void add(int x, int y) {
    if (size == changes.length) {
      changes = Arrays.copyOf(changes, 2 * size);
    }
    changes[size++] = x * height + y;
    inColumn[x + 1]++;
  }

  /** Counting sort; within a column the rows are in order already. */
  private int[] byColumn() {
    for (int x = 0; x < width; x++) {
      inColumn[x + 1] += inColumn[x];
    }
    int[] sorted = new int[size];
    for (int i = 0; i < size; i++) {
      sorted[inColumn[changes[i] / height]++] = changes[i];
    }
    return sorted;
  }

  private int[] lengths(int[] positions) {
    int[] lengths = new int[positions.length + 1];
    int before = 0;
    for (int i = 0; i < positions.length; i++) {
      lengths[i] = positions[i] - before;
      before = positions[i];
    }
    lengths[positions.length] = height * width - before;
    return lengths;
  }
}
