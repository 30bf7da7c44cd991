package org.samclip.train.loss;

import java.util.Arrays;
import org.samclip.UserError;

/**
 * Hadamard matrices: entries of one size and orthogonal rows, so that a rotation by one spreads
 * every variance evenly over all channels. Built by Paley's first and second construction, doubled
 * by Sylvester's.
 */
final class Hadamard {

  private Hadamard() {}

  /**
   * @param n size, at least 1
   * @return whether {@link #orthogonal} has a matrix of this size
   */
  static boolean exists(int n) {
    return hasCore(n) || n % 2 == 0 && exists(n / 2);
  }

  /**
   * @param n size, at least 1
   * @return [n, n] in row-major order, orthogonal: entries are +-1 / sqrt(n)
   * @throws UserError if neither construction gives this size
   */
  static double[][] orthogonal(int n) {
    int odd = n;
    int doublings = 0;
    int[][] core = core(odd);
    while (core == null && odd % 2 == 0) {
      odd /= 2;
      doublings++;
      core = core(odd);
    }
    if (core == null) {
      throw new UserError(
          "no Hadamard matrix of size "
              + n
              + " is built; allowed: 1, 2, q + 1 or 2 q + 2 for a prime q, and these times powers"
              + " of 2, such as 384, 768, 1024, 1152, 1280 (or standardise per channel)");
    }
    for (int i = 0; i < doublings; i++) {
      core = doubled(core);
    }
    double size = 1 / Math.sqrt(n);
    double[][] matrix = new double[n][n];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        matrix[i][j] = core[i][j] * size;
      }
    }
    return matrix;
  }

  private static int[][] core(int n) {
    if (n == 1) {
      return new int[][] {{1}};
    }
    if (isFirst(n)) {
      return first(n - 1);
    }
    return isSecond(n) ? second(n / 2 - 1) : null;
  }

  private static boolean hasCore(int n) {
    return n == 1 || isFirst(n) || isSecond(n);
  }

  private static boolean isFirst(int n) {
    return n % 4 == 0 && isPrime(n - 1) && (n - 1) % 4 == 3;
  }

  private static boolean isSecond(int n) {
    return n % 4 == 0 && isPrime(n / 2 - 1) && (n / 2 - 1) % 4 == 1;
  }

  /** [[h, h], [h, -h]]. */
  private static int[][] doubled(int[][] h) {
    int n = h.length;
    int[][] twice = new int[2 * n][2 * n];
    for (int i = 0; i < 2 * n; i++) {
      for (int j = 0; j < 2 * n; j++) {
        twice[i][j] = h[i % n][j % n] * (i >= n && j >= n ? -1 : 1);
      }
    }
    return twice;
  }

  /** I + S, S skew with a border of ones: for q = 3 mod 4. */
  private static int[][] first(int q) {
    int[][] matrix = bordered(q, -1);
    for (int i = 0; i <= q; i++) {
      matrix[i][i] = 1;
    }
    return matrix;
  }

  /**
   * Every 0 of the symmetric conference matrix becomes [1, -1; -1, -1], every s s [1, 1; 1, -1].
   */
  private static int[][] second(int q) {
    int[][] c = bordered(q, 1);
    int n = 2 * (q + 1);
    int[][] matrix = new int[n][n];
    int[][] one = {{1, 1}, {1, -1}};
    int[][] zero = {{1, -1}, {-1, -1}};
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        int entry = c[i / 2][j / 2];
        matrix[i][j] = entry == 0 ? zero[i % 2][j % 2] : entry * one[i % 2][j % 2];
      }
    }
    return matrix;
  }

  /** Jacobsthal's matrix of residues, bordered by ones above and {@code left} on the left. */
  private static int[][] bordered(int q, int left) {
    int[] residue = new int[q];
    Arrays.fill(residue, -1);
    residue[0] = 0;
    for (int x = 1; x < q; x++) {
      residue[(int) ((long) x * x % q)] = 1;
    }
    int[][] matrix = new int[q + 1][q + 1];
    for (int i = 1; i <= q; i++) {
      matrix[0][i] = 1;
      matrix[i][0] = left;
      for (int j = 1; j <= q; j++) {
        matrix[i][j] = residue[Math.floorMod(i - j, q)];
      }
    }
    return matrix;
  }

  private static boolean isPrime(int n) {
    for (int i = 2; (long) i * i <= n; i++) {
      if (n % i == 0) {
        return false;
      }
    }
    return n >= 2;
  }
}
