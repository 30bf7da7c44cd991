package org.samclip.eval.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;
import org.samclip.parity.Vectors;

/** The overlap of boxes, with and without crowds, must equal that of pycocotools. */
class BoxOverlapParityTest {

  private final Vectors vectors = Vectors.load("coco_rle");
  private final JsonNode boxes = vectors.json().get("box_iou");
  private final double limit = vectors.json().get("tolerance").get("iou").asDouble();

  @Test
  void everyPair() {
    for (int d = 0; d < boxes.get("detections").size(); d++) {
      for (int t = 0; t < boxes.get("ground_truth").size(); t++) {
        double[] detection = box(boxes.get("detections").get(d));
        double[] truth = box(boxes.get("ground_truth").get(t));
        boolean crowd = boxes.get("iscrowd").get(t).asInt() == 1;
        String label = "detection " + d + ", truth " + t;
        assertEquals(
            boxes.get("iou").get(d).get(t).asDouble(),
            CocoAveragePrecision.boxIou(detection, truth, false),
            limit,
            label);
        assertEquals(
            boxes.get("iou_with_crowd").get(d).get(t).asDouble(),
            CocoAveragePrecision.boxIou(detection, truth, crowd),
            limit,
            label);
      }
    }
  }

  private static double[] box(JsonNode node) {
    double[] values = new double[node.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = node.get(i).asDouble();
    }
    return values;
  }
}
