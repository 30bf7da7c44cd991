package org.samclip.kernel;

import ai.djl.ndarray.NDArray;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samclip.kernel.Kernels.Resize;

/** Resizing against matrices of the filters' weights, one for the rows, one for the columns. */
class ResizeKernelTest {

  private final KernelCheck check = new KernelCheck();

  @AfterEach
  void close() {
    check.close();
  }

  private static double triangle(double x) {
    return Math.max(0, 1 - Math.abs(x));
  }

  /** Keys' cubic convolution. */
  private static double cubic(double x, double a) {
    double t = Math.abs(x);
    if (t < 1) {
      return ((a + 2) * t - (a + 3)) * t * t + 1;
    }
    return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0;
  }

  private static double[] matrix(int from, int to, Resize how) {
    return switch (how) {
      case BILINEAR -> plain(from, to, 1, ResizeKernelTest::triangle);
      case BICUBIC -> plain(from, to, 2, x -> cubic(x, -.75));
      case BILINEAR_ANTIALIAS -> widened(from, to, 1, ResizeKernelTest::triangle);
      case BICUBIC_ANTIALIAS -> widened(from, to, 2, x -> cubic(x, -.5));
    };
  }

  /** The filter at the source's own scale; places beyond the border repeat it. */
  private static double[] plain(int from, int to, int reach, DoubleUnaryOperator filter) {
    double[] matrix = new double[to * from];
    for (int i = 0; i < to; i++) {
      double at = (i + .5) * from / to - .5;
      int low = (int) Math.floor(at);
      for (int j = low - reach + 1; j <= low + reach; j++) {
        int inside = Math.max(0, Math.min(from - 1, j));
        matrix[i * from + inside] += filter.applyAsDouble(at - j);
      }
    }
    return matrix;
  }

  /** The filter widened by the factor of shrinking, cut at the border, and scaled to sum 1. */
  private static double[] widened(int from, int to, int reach, DoubleUnaryOperator filter) {
    double[] matrix = new double[to * from];
    double scale = (double) from / to;
    double wide = Math.max(1, scale);
    for (int i = 0; i < to; i++) {
      double at = (i + .5) * scale;
      int first = Math.max(0, (int) (at - reach * wide + .5));
      int end = Math.min(from, (int) (at + reach * wide + .5));
      double sum = 0;
      for (int j = first; j < end; j++) {
        matrix[i * from + j] = filter.applyAsDouble((j - at + .5) / wide);
        sum += matrix[i * from + j];
      }
      for (int j = first; j < end; j++) {
        matrix[i * from + j] /= sum;
      }
    }
    return matrix;
  }

  @ParameterizedTest
  @CsvSource({"5, 7, 5, 7", "4, 6, 9, 13", "9, 8, 4, 3", "4, 6, 7, 3", "6, 3, 1, 1", "1, 2, 3, 5"})
  void everyFilter(int height, int width, int newHeight, int newWidth) {
    NDArray x = check.random(2, 3, height, width);
    for (Resize how : Resize.values()) {
      double[] rows = matrix(height, newHeight, how);
      double[] columns = matrix(width, newWidth, how);
      check.same(
          in -> Kernels.resize(in[0], newHeight, newWidth, how),
          in ->
              Formulas.constant(in[0], rows, newHeight, height)
                  .matMul(in[0])
                  .matMul(Formulas.constant(in[0], columns, newWidth, width).transpose()),
          x);
    }
  }
}
