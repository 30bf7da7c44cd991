package org.samclip.eval.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.samclip.parity.Vectors;

/** Counts and ratios against the reference, image by image and in sum. */
class SegmentationMetricParityTest {

  private static final String SET = "segmentation_metric";

  private final Vectors vectors = Vectors.load(SET);
  private final JsonNode config = vectors.json().get("config");
  private final double limit = vectors.json().get("tolerance").get("ratios").asDouble();

  @Test
  void everyImage() {
    for (int image = 0; image < config.get("images").asInt(); image++) {
      ConfusionMatrix matrix = newMatrix();
      add(matrix, image);
      check("image " + image, matrix, vectors.json().get("per_image").get(image));
    }
  }

  @Test
  void allImages() {
    ConfusionMatrix matrix = newMatrix();
    for (int image = 0; image < config.get("images").asInt(); image++) {
      add(matrix, image);
    }
    check("all", matrix, vectors.json().get("expected"));
  }

  private ConfusionMatrix newMatrix() {
    return new ConfusionMatrix(config.get("classes").asInt(), config.get("ignore_index").asInt());
  }

  private void add(ConfusionMatrix matrix, int image) {
    matrix.add(labels("target" + image), labels("predicted" + image));
  }

  private int[] labels(String tensor) {
    return Arrays.stream(vectors.longs(SET, tensor)).mapToInt(Math::toIntExact).toArray();
  }

  private void check(String label, ConfusionMatrix matrix, JsonNode expected) {
    long[][] counts = matrix.counts();
    for (int row = 0; row < counts.length; row++) {
      for (int column = 0; column < counts.length; column++) {
        assertEquals(
            expected.get("confusion").get(row).get(column).asLong(), counts[row][column], label);
      }
    }
    SegmentationScores scores = matrix.scores();
    assertEquals(expected.get("pixels").asLong(), scores.pixels(), label);
    checkAll(label + " iou", expected.get("iou"), scores.iou());
    checkAll(label + " accuracy", expected.get("class_accuracy"), scores.classAccuracy());
    checkOne(label + " miou", expected.get("miou"), scores.miou());
    checkOne(
        label + " miou over target classes",
        expected.get("miou_over_target_classes"),
        scores.miouOverTargetClasses());
    checkOne(
        label + " mean accuracy", expected.get("mean_class_accuracy"), scores.meanClassAccuracy());
    checkOne(label + " pixel accuracy", expected.get("pixel_accuracy"), scores.pixelAccuracy());
    checkOne(
        label + " frequency-weighted iou",
        expected.get("frequency_weighted_iou"),
        scores.frequencyWeightedIou());
  }

  private void checkAll(String label, JsonNode expected, List<Double> got) {
    assertEquals(expected.size(), got.size(), label);
    for (int c = 0; c < expected.size(); c++) {
      checkOne(label + " of class " + c, expected.get(c), got.get(c));
    }
  }

  private void checkOne(String label, JsonNode expected, Double got) {
    if (expected.isNull()) {
      assertNull(got, label);
    } else {
      assertNotNull(got, label);
      assertEquals(expected.asDouble(), got, limit, label);
    }
  }
}
