package org.samclip.eval.neighbour;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samclip.UserError;
import org.samclip.kernel.LibTorch;

class NearestNeighboursTest {

  private static final int WIDTH = 7;
  private static final int CLASSES = 5;

  private final NDManager manager = LibTorch.newManager(Device.cpu());

  @AfterEach
  void close() {
    manager.close();
  }

  /** Rows of length 1. */
  private static float[][] rows(int count, long seed) {
    Random random = new Random(seed);
    float[][] rows = new float[count][WIDTH];
    for (float[] row : rows) {
      double square = 0;
      for (int i = 0; i < WIDTH; i++) {
        row[i] = (float) random.nextGaussian();
        square += row[i] * row[i];
      }
      for (int i = 0; i < WIDTH; i++) {
        row[i] /= (float) Math.sqrt(square);
      }
    }
    return rows;
  }

  private NDArray array(float[][] rows) {
    float[] flat = new float[rows.length * WIDTH];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = rows[i / WIDTH][i % WIDTH];
    }
    return manager.create(flat, new Shape(rows.length, WIDTH));
  }

  /** As RADIO's example: all cosines sorted, exp(cosine / T) of the first k summed by class. */
  private static double[] expected(
      float[][] known, int[] labels, float[] query, int k, double temperature) {
    double[] cosines = new double[known.length];
    for (int n = 0; n < known.length; n++) {
      for (int i = 0; i < WIDTH; i++) {
        cosines[n] += (double) known[n][i] * query[i];
      }
    }
    double[] votes = new double[CLASSES];
    IntStream.range(0, known.length)
        .boxed()
        .sorted(Comparator.comparingDouble(n -> -cosines[n]))
        .limit(k)
        .forEach(n -> votes[labels[n]] += Math.exp(cosines[n] / temperature));
    return votes;
  }

  private static double[] shares(double[] votes) {
    double sum = IntStream.range(0, votes.length).mapToDouble(c -> votes[c]).sum();
    return IntStream.range(0, votes.length).mapToDouble(c -> votes[c] / sum).toArray();
  }

  @ParameterizedTest
  @CsvSource({"60, 20, 0.07", "60, 1, 0.07", "12, 20, 0.07", "60, 20, 0.5"})
  void votesAreThoseOfAllPairsInFloat64(int count, int k, double temperature) {
    float[][] known = rows(count, 3);
    float[][] queries = rows(40, 4);
    int[] labels = IntStream.range(0, count).map(i -> i * 7 % CLASSES).toArray();
    double[][] votes =
        new NearestNeighbours(array(known), labels, CLASSES, k, temperature).votes(array(queries));
    assertEquals(queries.length, votes.length);
    for (int q = 0; q < queries.length; q++) {
      double[] expected = expected(known, labels, queries[q], k, temperature);
      assertArrayEquals(shares(expected), shares(votes[q]), 2e-5, "query " + q);
    }
  }

  @Test
  void noTemperatureIsTooLow() {
    double[][] votes =
        new NearestNeighbours(array(rows(9, 1)), new int[9], CLASSES, 3, 1e-4)
            .votes(array(rows(2, 2)));
    for (double[] one : votes) {
      assertEquals(1, one[0], 1e-3, "the nearest alone counts");
      assertEquals(0, one[1]);
    }
  }

  @Test
  void ranksAreInTheOrderOfTheVotes() {
    double[] votes = {.5, 2, 0, 2, 1};
    int[] ranks = IntStream.range(0, 5).map(c -> NearestNeighbours.rank(votes, c)).toArray();
    assertArrayEquals(new int[] {3, 0, 4, 1, 2}, ranks);
  }

  @Test
  void wrongNumbersAreRefused() {
    NDArray features = array(rows(2, 1));
    assertThrows(
        UserError.class, () -> new NearestNeighbours(features, new int[2], CLASSES, 0, .07));
    assertThrows(UserError.class, () -> new NearestNeighbours(features, new int[2], CLASSES, 1, 0));
    assertThrows(
        IllegalArgumentException.class,
        () -> new NearestNeighbours(features, new int[3], CLASSES, 1, .07));
  }
}
