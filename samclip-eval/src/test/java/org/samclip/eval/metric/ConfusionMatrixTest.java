package org.samclip.eval.metric;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ConfusionMatrixTest {

  @Test
  void countsEveryPixelOfALargeMap() {
    int classes = 21;
    SplittableRandom random = new SplittableRandom(3);
    int[] target = random.ints(300_000, 0, classes + 1).map(c -> c == classes ? 255 : c).toArray();
    int[] prediction = random.ints(300_000, 0, classes).toArray();
    long[][] expected = new long[classes][classes];
    for (int i = 0; i < target.length; i++) {
      if (target[i] != 255) {
        expected[target[i]][prediction[i]]++;
      }
    }
    ConfusionMatrix matrix = new ConfusionMatrix(classes, 255);
    matrix.add(target, prediction);
    assertArrayEquals(expected, matrix.counts());
    assertEquals(Arrays.stream(target).filter(c -> c != 255).count(), matrix.pixels());
  }

  @Test
  void ratiosOfASmallMapAreThoseOfTheFormulas() {
    // Target 0 0 1 1, predicted 0 1 1 1; class 2 only predicted where ignored, class 3 nowhere.
    ConfusionMatrix matrix = new ConfusionMatrix(4, 255);
    matrix.add(new int[] {0, 0, 1, 1, 255}, new int[] {0, 1, 1, 1, 2});
    SegmentationScores scores = matrix.scores();
    assertEquals(Arrays.asList(1 / 2.0, 2 / 3.0, null, null), scores.iou());
    assertEquals((1 / 2.0 + 2 / 3.0) / 2, scores.miou(), 1e-15);
    assertEquals(Arrays.asList(0.5, 1.0, null, null), scores.classAccuracy());
    assertEquals(0.75, scores.pixelAccuracy(), 1e-15);
    assertEquals(0.5 * 0.5 + 0.5 * 2 / 3, scores.frequencyWeightedIou(), 1e-15);
  }

  @Test
  void aClassOnlyPredictedLowersTheMeanOverAllButNotOverTheTargets() {
    ConfusionMatrix matrix = new ConfusionMatrix(2, OptionalInt.empty());
    matrix.add(new int[] {0, 0}, new int[] {0, 1});
    assertEquals(0.25, matrix.scores().miou(), 1e-15);
    assertEquals(0.5, matrix.scores().miouOverTargetClasses(), 1e-15);
  }

  @Test
  void nothingCountedGivesNoRatio() {
    SegmentationScores scores = new ConfusionMatrix(1, 255).scores();
    assertNull(scores.miou());
    assertNull(scores.pixelAccuracy());
    assertEquals(0, scores.pixels());
  }

  @Test
  void sumsOfMatricesAreTheMatrixOfTheSum() {
    ConfusionMatrix first = new ConfusionMatrix(3, 255);
    ConfusionMatrix second = new ConfusionMatrix(3, 255);
    ConfusionMatrix both = new ConfusionMatrix(3, 255);
    first.add(new int[] {0, 1}, new int[] {2, 1});
    second.add(new int[] {0, 2}, new int[] {2, 2});
    both.add(new int[] {0, 1, 0, 2}, new int[] {2, 1, 2, 2});
    first.add(second);
    assertArrayEquals(both.counts(), first.counts());
  }

  @Test
  void aBadMapIsRefusedAsAWhole() {
    ConfusionMatrix matrix = new ConfusionMatrix(2, 255);
    int[] good = {0, 1};
    assertThrows(IllegalArgumentException.class, () -> matrix.add(new int[] {0, 2}, good));
    assertThrows(IllegalArgumentException.class, () -> matrix.add(good, new int[] {0, -1}));
    assertThrows(IllegalArgumentException.class, () -> matrix.add(good, new int[] {0}));
    assertThrows(IllegalArgumentException.class, () -> new ConfusionMatrix(2, 1));
    assertEquals(0, matrix.pixels());
  }
}
