package org.samclip.eval.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.samclip.eval.metric.CocoAveragePrecision.Detection;
import org.samclip.eval.metric.CocoAveragePrecision.Truth;

class CocoAveragePrecisionTest {

  private static final double[] BOX = {10, 10, 40, 50};
  private static final double[] ELSEWHERE = {100, 100, 40, 50};

  private static Truth<double[]> truth(double[] box, boolean crowd) {
    return new Truth<>(1, crowd, box[2] * box[3], box);
  }

  private static Detection<double[]> detection(double score, double[] box) {
    return new Detection<>(1, score, box[2] * box[3], box);
  }

  @Test
  void aPerfectDetectionScoresOne() {
    CocoAveragePrecision<double[]> ap = CocoAveragePrecision.ofBoxes();
    ap.add(1, List.of(truth(BOX, false)), List.of(detection(.5, BOX)));
    CocoScores scores = ap.scores();
    assertEquals(1, scores.ap(), 1e-12);
    assertEquals(1, scores.apMedium(), 1e-12);
    assertEquals(-1, scores.apSmall());
    assertEquals(1, scores.ar1());
  }

  @Test
  void aFalsePositiveInAnImageWithoutObjectsHalvesThePrecision() {
    CocoAveragePrecision<double[]> ap = CocoAveragePrecision.ofBoxes();
    ap.add(1, List.of(truth(BOX, false)), List.of(detection(.5, BOX)));
    ap.add(2, List.of(), List.of(detection(.9, BOX)));
    assertEquals(0.5, ap.scores().ap(), 1e-12);
    assertEquals(1, ap.scores().ar100());
  }

  @Test
  void whatFallsIntoACrowdIsLeftOut() {
    CocoAveragePrecision<double[]> ap = CocoAveragePrecision.ofBoxes();
    double[] inside = {105, 105, 10, 10};
    ap.add(
        1,
        List.of(truth(ELSEWHERE, true), truth(BOX, false)),
        List.of(detection(.9, inside), detection(.8, inside), detection(.5, BOX)));
    assertEquals(1, ap.scores().ap(), 1e-12);
  }

  @Test
  void equalScoresKeepAscendingImageIds() {
    CocoAveragePrecision<double[]> ap = CocoAveragePrecision.ofBoxes();
    ap.add(7, List.of(), List.of(detection(.5, ELSEWHERE)));
    ap.add(3, List.of(truth(BOX, false)), List.of(detection(.5, BOX)));
    assertEquals(1, ap.scores().ap(), 1e-12, "image 3 goes first although it came second");
  }

  @Test
  void theSameImageTwiceIsRefused() {
    CocoAveragePrecision<double[]> ap = CocoAveragePrecision.ofBoxes();
    ap.add(1, List.of(), List.of());
    assertThrows(IllegalArgumentException.class, () -> ap.add(1, List.of(), List.of()));
    assertEquals(-1, ap.scores().ap());
  }
}
