package org.samclip.eval.metric;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ImageScoresTest {

  private static final int CLASSES = 12;
  private static final int IGNORE = -1;

  /** The confusion matrix is compared with a peer elsewhere; what is kept per image must agree. */
  @Test
  void classScoresOfAnyChoiceOfImagesAreThoseOfItsConfusionMatrix() {
    Random random = new Random(5);
    int images = 20;
    int[][] targets = new int[images][];
    int[][] predictions = new int[images][];
    ClassScores.Builder builder = new ClassScores.Builder(CLASSES, IGNORE);
    for (int i = 0; i < images; i++) {
      int kinds = 1 + random.nextInt(4);
      int first = random.nextInt(CLASSES - 4);
      targets[i] = random.ints(200, first - 1, first + kinds).map(c -> Math.max(c, -1)).toArray();
      predictions[i] =
          Arrays.stream(targets[i])
              .map(c -> random.nextInt(3) == 0 ? random.nextInt(CLASSES) : Math.max(c, 0))
              .toArray();
      builder.add("image " + i, targets[i], predictions[i]);
    }
    ClassScores scores = builder.build();
    for (int round = 0; round < 10; round++) {
      int[] times = random.ints(images, 0, 3).toArray();
      ConfusionMatrix matrix = new ConfusionMatrix(CLASSES, IGNORE);
      for (int i = 0; i < images; i++) {
        for (int t = 0; t < times[i]; t++) {
          matrix.add(targets[i], predictions[i]);
        }
      }
      SegmentationScores expected = matrix.scores();
      assertEquals(expected.miou(), scores.value(times), 1e-12);
      assertEquals(
          expected.meanClassAccuracy(), scores.as(ClassScores.Mean.ACCURACY).value(times), 1e-12);
      assertEquals(expected.pixelAccuracy(), scores.pixelAccuracy().value(times), 1e-12);
      double odd = 0;
      int defined = 0;
      for (int c = 1; c < CLASSES; c += 2) {
        if (expected.iou().get(c) != null) {
          odd += expected.iou().get(c);
          defined++;
        }
      }
      assertEquals(odd / defined, scores.only(c -> c % 2 == 1).value(times), 1e-12);
    }
    assertEquals(images, scores.count());
  }

  @Test
  void anImageHoldsOnlyItsOwnClasses() {
    ClassScores.Builder builder = new ClassScores.Builder(CLASSES, IGNORE);
    builder.add("a", new int[] {3, 3, 3, IGNORE}, new int[] {3, 3, 7, 9});
    assertEquals(
        List.of(List.of(new ClassScores.Pixels(3, 2, 3, 2), new ClassScores.Pixels(7, 0, 0, 1))),
        builder.build().pixels());
  }

  @Test
  void ratioScoresAreSumsOfTheImagesThatCount() {
    RatioScores.Builder builder = new RatioScores.Builder();
    builder.image("a");
    builder.add(.5);
    builder.add(1);
    builder.image("nothing on it");
    builder.image("b");
    builder.add(.25);
    RatioScores scores = builder.build();
    assertEquals(1.75 / 3, scores.value());
    assertEquals(3, scores.count());
    assertEquals((2 * 1.5 + .25) / 5, scores.value(new int[] {2, 1, 1}));
    assertEquals(Double.NaN, scores.value(new int[] {0, 1, 0}));
    RatioScores last = scores.only(i -> i == 2);
    assertEquals(List.of("b"), last.images());
    assertArrayEquals(new double[] {.25}, last.numerators());
  }

  @Test
  void manyImagesAreKept() {
    RatioScores.Builder builder = new RatioScores.Builder();
    for (int i = 0; i < 1000; i++) {
      builder.image("" + i);
      builder.add(i % 4 == 0 ? 1 : 0);
    }
    assertEquals(.25, builder.build().value(), 1e-12);
  }

  @Test
  void whatCannotBeAScoreIsRefused() {
    List<String> one = List.of("a");
    double[] good = {1};
    for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> new RatioScores(one, new double[] {bad}, good, new long[1]));
    }
    assertThrows(
        IllegalArgumentException.class,
        () -> new RatioScores(one, good, new double[] {-1}, new long[1]));
    assertThrows(
        IllegalArgumentException.class, () -> new RatioScores(one, good, good, new long[2]));
    assertThrows(IllegalArgumentException.class, () -> new ClassScores.Pixels(0, 2, 1, 3));
    assertThrows(IllegalArgumentException.class, () -> new ClassScores.Pixels(-1, 0, 0, 1));
    assertThrows(
        IllegalArgumentException.class,
        () -> new ClassScores(one, List.of(), ClassScores.Mean.IOU));
    assertThrows(IllegalArgumentException.class, () -> new Measurement(1, 1, 1, Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> new Measurement(1, 0, 1, 1));
  }
}
