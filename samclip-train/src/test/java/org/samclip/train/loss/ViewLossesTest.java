package org.samclip.train.loss;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;

/** Self-distillation's formulas, each computed again in float64, with gradients by differences. */
class ViewLossesTest {

  private static final int VIEWS = 5;
  private static final int GLOBAL = 2;
  private static final int B = 4;
  private static final int K = 7;
  private static final double T = .3;

  private NDManager manager;
  private SplittableRandom random;

  @BeforeEach
  void start() {
    manager = LibTorch.newManager(Device.cpu());
    random = new SplittableRandom(5);
  }

  @AfterEach
  void stop() {
    manager.close();
  }

  private double[][] rows(int count, int width) {
    double[][] rows = new double[count][width];
    for (double[] row : rows) {
      for (int i = 0; i < width; i++) {
        row[i] = (float) random.nextGaussian();
      }
    }
    return rows;
  }

  private static double[] flat(double[][] rows) {
    double[] flat = new double[rows.length * rows[0].length];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = rows[i / rows[0].length][i % rows[0].length];
    }
    return flat;
  }

  private NDArray array(double[][] rows, long... shape) {
    double[] values = flat(rows);
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return manager.create(floats, new Shape(shape));
  }

  private static double[] softmax(double[] logits, double temperature) {
    double sum = 0;
    double[] shares = new double[logits.length];
    for (int i = 0; i < shares.length; i++) {
      shares[i] = Math.exp(logits[i] / temperature);
      sum += shares[i];
    }
    for (int i = 0; i < shares.length; i++) {
      shares[i] /= sum;
    }
    return shares;
  }

  private static double[][] softmax(double[][] logits, double temperature) {
    double[][] shares = new double[logits.length][];
    for (int i = 0; i < shares.length; i++) {
      shares[i] = softmax(logits[i], temperature);
    }
    return shares;
  }

  private static double crossEntropy(double[] logits, double[] target) {
    double[] shares = softmax(logits, T);
    double sum = 0;
    for (int i = 0; i < shares.length; i++) {
      sum -= target[i] * Math.log(shares[i]);
    }
    return sum;
  }

  /** Autograd's gradient against central differences of the float64 formula. */
  private void assertGradient(
      double[][] at, Function<NDArray, NDArray> loss, ToDoubleFunction<double[][]> formula) {
    NDArray x = array(at, at.length, at[0].length);
    x.setRequiresGradient(true);
    try (Autograd on = Autograd.enabled()) {
      on.backward(loss.apply(x));
    }
    float[] gradient = x.getGradient().toFloatArray();
    double h = 1e-5;
    for (int i = 0; i < gradient.length; i++) {
      int r = i / at[0].length;
      int c = i % at[0].length;
      double before = at[r][c];
      at[r][c] = before + h;
      double above = formula.applyAsDouble(at);
      at[r][c] = before - h;
      double below = formula.applyAsDouble(at);
      at[r][c] = before;
      double slope = (above - below) / (2 * h);
      assertEquals(slope, gradient[i], 2e-4 * Math.max(1, Math.abs(slope)), "value " + i);
    }
  }

  /** Every pair of a target and another view, one by one. */
  private static double views(double[][] student, double[][] target) {
    double sum = 0;
    int pairs = 0;
    for (int g = 0; g < GLOBAL; g++) {
      for (int v = 0; v < VIEWS; v++) {
        if (v == g) {
          continue;
        }
        pairs++;
        for (int b = 0; b < B; b++) {
          sum += crossEntropy(student[v * B + b], target[g * B + b]) / B;
        }
      }
    }
    return sum / pairs;
  }

  @Test
  void viewsAreComparedWithTheOthersTargets() {
    double[][] student = rows(VIEWS * B, K);
    double[][] target = softmax(rows(GLOBAL * B, K), T);
    NDArray t = array(target, GLOBAL, B, K);
    Function<NDArray, NDArray> loss = s -> ViewLosses.views(s.reshape(VIEWS, B, K), t, T);
    double expected = views(student, target);
    NDArray s = array(student, VIEWS * B, K);
    assertEquals(expected, loss.apply(s).getFloat(), 1e-5 * expected);
    assertGradient(student, loss, x -> views(x, target));
  }

  /** Every image of every view of the student is looked for among the teacher's images. */
  private static double contrast(double[][] student, double[][] teacher) {
    double sum = 0;
    int pairs = 0;
    for (int g = 0; g < GLOBAL; g++) {
      for (int v = 0; v < VIEWS; v++) {
        if (v == g) {
          continue;
        }
        pairs++;
        for (int b = 0; b < B; b++) {
          double[] cosines = new double[B];
          double[] right = new double[B];
          right[b] = 1;
          for (int j = 0; j < B; j++) {
            cosines[j] = cosine(student[v * B + b], teacher[g * B + j]);
          }
          sum += crossEntropy(cosines, right) / B;
        }
      }
    }
    return sum / pairs;
  }

  private static double cosine(double[] a, double[] b) {
    double dot = 0;
    for (int i = 0; i < a.length; i++) {
      dot += a[i] * b[i];
    }
    return dot / length(a) / length(b);
  }

  @Test
  void contrastFindsAnImageAmongTheTeachers() {
    double[][] student = rows(VIEWS * B, 6);
    double[][] teacher = rows(GLOBAL * B, 6);
    NDArray t = array(teacher, GLOBAL, B, 6);
    Function<NDArray, NDArray> loss = s -> ViewLosses.contrast(s.reshape(VIEWS, B, 6), t, T);
    double expected = contrast(student, teacher);
    assertEquals(expected, loss.apply(array(student, VIEWS * B, 6)).getFloat(), 1e-5 * expected);
    assertGradient(student, loss, x -> contrast(x, teacher));
  }

  @Test
  void crossEntropyIsTheMeanOverRows() {
    double[][] student = rows(B, K);
    double[][] target = softmax(rows(B, K), T);
    NDArray t = array(target, B, K);
    ToDoubleFunction<double[][]> formula =
        x -> {
          double sum = 0;
          for (int i = 0; i < x.length; i++) {
            sum += crossEntropy(x[i], target[i]) / x.length;
          }
          return sum;
        };
    Function<NDArray, NDArray> loss = s -> ViewLosses.crossEntropy(s, t, T);
    double expected = formula.applyAsDouble(student);
    assertEquals(expected, loss.apply(array(student, B, K)).getFloat(), 1e-5 * expected);
    assertGradient(student, loss, formula);
  }

  /** The rounds as SwAV writes them: columns to N / K, then rows to 1. */
  private static double[][] sinkhorn(double[][] logits, double temperature) {
    int n = logits.length;
    int k = logits[0].length;
    double[][] q = new double[n][k];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < k; j++) {
        q[i][j] = Math.exp(logits[i][j] / temperature);
      }
    }
    for (int round = 0; round < 3; round++) {
      for (int j = 0; j < k; j++) {
        double sum = 0;
        for (double[] row : q) {
          sum += row[j];
        }
        for (double[] row : q) {
          row[j] *= (double) n / k / sum;
        }
      }
      for (double[] row : q) {
        double sum = 0;
        for (double value : row) {
          sum += value;
        }
        for (int j = 0; j < k; j++) {
          row[j] /= sum;
        }
      }
    }
    return q;
  }

  @Test
  void sinkhornBalancesRowsAndColumns() {
    double[][] logits = rows(24, K);
    for (double[] row : logits) {
      row[2] += 3; // without balancing, nearly all would take the same prototype
    }
    float[] shares = ViewLosses.sinkhorn(array(logits, 24, K), T).toFloatArray();
    double[] expected = flat(sinkhorn(logits, T));
    double[] column = new double[K];
    for (int i = 0; i < shares.length; i++) {
      assertEquals(expected[i], shares[i], 1e-5);
      column[i % K] += shares[i];
    }
    double plain = 0;
    for (double[] row : softmax(logits, T)) {
      plain += row[2];
    }
    assertTrue(plain > 18 && column[2] < 6, plain + " to " + column[2]);
  }

  @Test
  void sinkhornOfFarApartLogitsIsFinite() {
    double[][] logits = new double[4][K];
    logits[0][0] = 1;
    logits[1][0] = -1;
    float[] shares = ViewLosses.sinkhorn(array(logits, 4, K), .01).toFloatArray();
    for (int row = 0; row < 4; row++) {
      double sum = 0;
      for (int j = 0; j < K; j++) {
        sum += shares[row * K + j];
      }
      assertEquals(1, sum, 1e-5, "row " + row);
    }
  }

  /** Of every row the distance to the nearest other, both of length 1. */
  private static double koleo(double[][] x) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      double nearest = Double.MAX_VALUE;
      for (int j = 0; j < x.length; j++) {
        double square = 0;
        for (int c = 0; c < x[i].length; c++) {
          square += Math.pow(x[i][c] / length(x[i]) - x[j][c] / length(x[j]), 2);
        }
        nearest = i == j ? nearest : Math.min(nearest, Math.sqrt(square));
      }
      sum -= Math.log(nearest) / x.length;
    }
    return sum;
  }

  private static double length(double[] x) {
    double sum = 0;
    for (double value : x) {
      sum += value * value;
    }
    return Math.sqrt(sum);
  }

  @Test
  void koleoIsTheLogarithmOfTheNearestDistance() {
    double[][] x = rows(6, 5);
    double expected = koleo(x);
    assertEquals(expected, ViewLosses.koleo(array(x, 6, 5)).getFloat(), 1e-5);
    assertGradient(x, ViewLosses::koleo, ViewLossesTest::koleo);
  }

  @Test
  void logitsAreCosines() {
    double[][] z = rows(3, 4);
    double[][] prototypes = rows(K, 4);
    float[] logits =
        ViewLosses.prototypeLogits(array(z, 3, 4), array(prototypes, K, 4)).toFloatArray();
    for (int i = 0; i < logits.length; i++) {
      assertEquals(cosine(z[i / K], prototypes[i % K]), logits[i], 1e-5);
    }
  }

  @Test
  void batchNormStandardisesColumns() {
    double[][] x = rows(9, 3);
    float[] normed = ViewLosses.batchNorm(array(x, 9, 3)).toFloatArray();
    for (int c = 0; c < 3; c++) {
      double mean = 0;
      double square = 0;
      for (double[] row : x) {
        mean += row[c] / 9;
        square += row[c] * row[c] / 9;
      }
      double std = Math.sqrt(square - mean * mean + 1e-5);
      for (int row = 0; row < 9; row++) {
        assertEquals((x[row][c] - mean) / std, normed[row * 3 + c], 1e-4);
      }
    }
  }

  /** 2 images of 2 x 4 patches of 3 x 2 pixels. */
  @Test
  void hiddenPatchesAreZeroAndTheOthersStay() {
    float[] hidden = {0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0};
    NDArray images = manager.ones(new Shape(2, 3, 6, 8));
    float[] seen =
        ViewLosses.hide(images, manager.create(hidden, new Shape(2, 2, 4))).toFloatArray();
    for (int i = 0; i < seen.length; i++) {
      int x = i % 8;
      int y = i / 8 % 6;
      int image = i / (8 * 6 * 3);
      assertEquals(1 - hidden[image * 8 + y / 3 * 4 + x / 2], seen[i], "pixel " + i);
    }
  }

  @Test
  void tokensAreCountedOverImagesRowsAndColumns() {
    NDArray spatial = manager.arange(2f * 3 * 2 * 2).reshape(2, 3, 2, 2);
    NDArray tokens = ViewLosses.tokens(spatial, manager.create(new long[] {1, 6}));
    assertArrayEquals(new float[] {1, 5, 9, 14, 18, 22}, tokens.toFloatArray());
  }
}
