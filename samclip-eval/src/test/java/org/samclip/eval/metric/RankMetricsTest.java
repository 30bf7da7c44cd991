package org.samclip.eval.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;

class RankMetricsTest {

  private static final float NAN = Float.NaN;

  @Test
  void accuracyCountsLabelsAmongTheHighest() {
    TopK topK = new TopK(1, 2);
    float[] logits = {3, 1, 2, 1, 2, 3, 0, -1, -2};
    topK.add(logits, 3, new int[] {0, 1, 2});
    assertEquals(3, topK.count());
    assertEquals(1 / 3.0, topK.accuracy(1), 1e-15);
    assertEquals(2 / 3.0, topK.accuracy(2), 1e-15);
  }

  @Test
  void equalLogitsAreOrderedByLowerIndex() {
    TopK topK = new TopK(1, 2, 3);
    topK.add(new float[] {5, 5, 5, 5, 7, 5}, 3, new int[] {1, 2});
    assertEquals(0.0, topK.accuracy(1));
    assertEquals(0.5, topK.accuracy(2));
    assertEquals(1.0, topK.accuracy(3));
  }

  @Test
  void nanIsNeverAHit() {
    TopK topK = new TopK(1, 5);
    topK.add(new float[] {NAN, NAN, NAN, 1, NAN, 0}, 3, new int[] {0, 0});
    assertEquals(0.0, topK.accuracy(1));
    assertEquals(0.5, topK.accuracy(5), "three classes, so a number is always among five");
  }

  @Test
  void recallIsOfTheBestRightCandidate() {
    RecallAtK recall = new RecallAtK(1, 2);
    float[] similarities = {.1f, .9f, .5f, .2f, .4f, .3f, .2f, .1f};
    recall.add(similarities, 4, new int[][] {{0, 2}, {3}});
    assertEquals(2, recall.count());
    assertEquals(0.0, recall.recall(1));
    assertEquals(0.5, recall.recall(2));
  }

  @Test
  void wrongSizesAreRefused() {
    TopK topK = new TopK(1);
    assertThrows(IllegalArgumentException.class, () -> topK.add(new float[5], 3, new int[] {0, 1}));
    assertThrows(IllegalArgumentException.class, () -> topK.add(new float[3], 3, new int[] {3}));
    assertThrows(IllegalArgumentException.class, () -> topK.accuracy(2));
    assertThrows(IllegalArgumentException.class, () -> new TopK(0));
    assertEquals(0, topK.count());
  }
}
