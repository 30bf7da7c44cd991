package org.samclip.train.loss;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;
import org.samclip.kernel.LibTorch;

/** Statistics against plain sums, and what each map promises of its targets. */
class StandardisationTest {

  private static final int D = 12;

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

  /** Rows whose channels hang together, differ in size by far, and lie far from 0. */
  private double[][] rows(int count) {
    double[][] rows = new double[count][D];
    for (double[] row : rows) {
      double common = random.nextGaussian();
      for (int i = 0; i < D; i++) {
        double size = Math.pow(2, i - 6);
        row[i] = (float) (100 + size * (random.nextGaussian() + common));
      }
    }
    return rows;
  }

  private NDArray array(double[][] rows, int from, int to) {
    float[] flat = new float[(to - from) * D];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = (float) rows[from + i / D][i % D];
    }
    return manager.create(flat, new Shape(to - from, D));
  }

  private static double[] mean(double[][] rows) {
    double[] mean = new double[rows[0].length];
    for (double[] row : rows) {
      for (int i = 0; i < mean.length; i++) {
        mean[i] += row[i] / rows.length;
      }
    }
    return mean;
  }

  private static double[][] covariance(double[][] rows) {
    double[] mean = mean(rows);
    double[][] sums = new double[mean.length][mean.length];
    for (double[] row : rows) {
      for (int i = 0; i < mean.length; i++) {
        for (int j = 0; j < mean.length; j++) {
          sums[i][j] += (row[i] - mean[i]) * (row[j] - mean[j]) / rows.length;
        }
      }
    }
    return sums;
  }

  private RunningCovariance seen(double[][] rows) {
    RunningCovariance seen = new RunningCovariance(D, manager);
    int from = 0;
    for (int size : new int[] {1, 7, 30, rows.length - 38}) {
      // Of any shape before the channels.
      seen.add(array(rows, from, from + size).reshape(1, size, D));
      from += size;
    }
    return seen;
  }

  @Test
  void statisticsOfBatchesAreThoseOfAllRows() {
    double[][] rows = rows(200);
    RunningCovariance seen = seen(rows);
    assertEquals(200, seen.count());
    assertArrayEquals(mean(rows), seen.mean().toDoubleArray(), 1e-9);
    double[] found = seen.covariance(manager).toDoubleArray();
    double[][] expected = covariance(rows);
    for (int i = 0; i < D * D; i++) {
      double size = Math.sqrt(expected[i / D][i / D] * expected[i % D][i % D]);
      assertEquals(expected[i / D][i % D], found[i], 1e-9 * size);
    }
    assertThrows(IllegalArgumentException.class, () -> seen.add(manager.ones(new Shape(3, 5))));
  }

  @ParameterizedTest
  @EnumSource
  void targetsHaveOneScaleAndTheWayBackIsThere(Standardisation kind) {
    double[][] rows = rows(200);
    AffineMap map = kind.map(seen(rows), manager);
    NDArray targets = map.apply(array(rows, 0, 200));
    assertEquals(DataType.FLOAT32, targets.getDataType());
    double[][] y = new double[200][D];
    float[] flat = targets.toFloatArray();
    for (int i = 0; i < flat.length; i++) {
      y[i / D][i % D] = flat[i];
    }
    double[][] covariance = covariance(y);
    for (int i = 0; i < D; i++) {
      assertEquals(0, mean(y)[i], 1e-4);
      assertEquals(1, covariance[i][i], 1e-4, kind + ": variance of channel " + i);
    }
    // A last layer that gives these targets, and the one that gives the features themselves.
    NDArray weight = targets.transpose();
    NDArray bias = manager.zeros(new Shape(D));
    AffineMap.LinearLayer undone = map.undone(new AffineMap.LinearLayer(weight, bias), manager);
    float[] back = undone.weight().transpose().add(undone.bias()).toFloatArray();
    for (int i = 0; i < back.length; i++) {
      assertEquals(rows[i / D][i % D], back[i], 2e-4, kind + " at " + i);
    }
  }

  /** Which is what sets it apart from a scale for each channel. */
  @Test
  void phiSKeepsRatiosOfDistances() {
    double[][] rows = rows(200);
    NDArray x = array(rows, 0, 200);
    double rotated = ratio(x, Standardisation.PHI_S.map(seen(rows), manager));
    double channels = ratio(x, Standardisation.CHANNEL.map(seen(rows), manager));
    NDArray own = x.get("0").sub(x.get("1")).norm();
    double expected = own.div(x.get("2").sub(x.get("3")).norm()).getFloat();
    assertEquals(expected, rotated, 1e-3 * expected);
    assertTrue(Math.abs(channels - expected) > 1e-2 * expected, channels + " " + expected);
  }

  private static double ratio(NDArray x, AffineMap map) {
    NDArray y = map.apply(x);
    return y.get("0").sub(y.get("1")).norm().div(y.get("2").sub(y.get("3")).norm()).getFloat();
  }

  @Test
  void tooFewRowsAreToldBeforeAnythingIsMade() {
    RunningCovariance seen = new RunningCovariance(D, manager);
    seen.add(array(rows(D), 0, D));
    UserError error = assertThrows(UserError.class, () -> Standardisation.PHI_S.map(seen, manager));
    assertTrue(error.getMessage().contains("12 rows") && error.getMessage().contains("13"));
    Standardisation.CHANNEL.map(seen, manager);
    try (RunningCovariance empty = new RunningCovariance(D, manager)) {
      assertThrows(UserError.class, () -> Standardisation.CHANNEL.map(empty, manager));
    }
  }

  /** Widths of public models among them. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 12, 20, 28, 36, 64, 72, 128, 256, 384, 512, 768, 1152, 1280})
  void hadamardMatricesAreOrthogonalAndFlat(int n) {
    double[][] h = Hadamard.orthogonal(n);
    assertTrue(Standardisation.PHI_S.fits(n));
    double size = 1 / Math.sqrt(n);
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        assertEquals(size, Math.abs(h[i][j]), 1e-12);
      }
    }
    // All pairs of small ones; of large ones every row with some.
    int stride = Math.max(1, n / 64);
    for (int i = 0; i < n; i++) {
      for (int j = i % stride; j < n; j += stride) {
        double dot = 0;
        for (int k = 0; k < n; k++) {
          dot += h[i][k] * h[j][k];
        }
        assertEquals(i == j ? 1 : 0, dot, 1e-9, i + " " + j);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 6, 10, 92, 100, 770})
  void widthsWithoutSuchAMatrixAreTold(int n) {
    UserError error = assertThrows(UserError.class, () -> Hadamard.orthogonal(n));
    assertFalse(Standardisation.PHI_S.fits(n));
    assertTrue(Standardisation.CHANNEL.fits(n));
    assertTrue(error.getMessage().contains("size " + n), error::getMessage);
    assertTrue(error.getMessage().contains("768"), error::getMessage);
  }
}
