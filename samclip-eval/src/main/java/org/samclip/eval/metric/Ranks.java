package org.samclip.eval.metric;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The place of chosen columns in the descending order of each row of a score matrix, without
 * sorting. Equal scores are ordered by lower column. A NaN score is never found and pushes all
 * others of its row behind it, so that a broken model cannot score.
 */
final class Ranks {

  /** The rank of a NaN score: below no k. */
  static final int NEVER = Integer.MAX_VALUE;

  private Ranks() {}

  /**
   * @param scores {@code [N, C]} in row-major order
   * @param columns C
   * @param chosen per row the columns to look for, at least one each
   * @return per row the best 0-based rank of its chosen columns; {@link #NEVER} if they are all NaN
   */
  static int[] best(float[] scores, int columns, int[][] chosen) {
    int rows = chosen.length;
    if (columns < 1 || scores.length != (long) rows * columns) {
      throw new IllegalArgumentException(
          scores.length + " scores do not make " + rows + " rows of " + columns + " columns");
    }
    int[] ranks = new int[rows];
    if (rows == 0) {
      return ranks;
    }
    try (INDArray matrix = Nd4j.createFromArray(scores).reshape(rows, columns);
        INDArray index = Nd4j.arange(columns).castTo(DataType.INT32)) {
      for (int row = 0; row < rows; row++) {
        if (chosen[row].length == 0) {
          throw new IllegalArgumentException("row " + row + " has no column to look for");
        }
        INDArray values = matrix.getRow(row);
        long broken = count(values.isNaN());
        int best = NEVER;
        for (int column : chosen[row]) {
          if (column < 0 || column >= columns) {
            throw new IllegalArgumentException(
                "row " + row + ": column " + column + " is not in 0 to " + (columns - 1));
          }
          float value = scores[row * columns + column];
          if (!Float.isNaN(value)) {
            long ahead = count(values.gt(value));
            INDArray isBefore = index.lt(column).castTo(DataType.INT32);
            long tiesAhead = count(values.eq(value).castTo(DataType.INT32).muli(isBefore));
            best = (int) Math.min(best, broken + ahead + tiesAhead);
          }
        }
        ranks[row] = best;
      }
    }
    return ranks;
  }

  private static long count(INDArray flags) {
    return flags.castTo(DataType.INT64).sumNumber().longValue();
  }
}
