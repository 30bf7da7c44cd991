package org.samclip.data.mask;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.samclip.parity.Vectors;

/** Strings, counts, areas and boxes must equal those of pycocotools. */
class RunLengthParityTest {

  private static final String SET = "coco_rle";

  private final Vectors vectors = Vectors.load(SET);
  private final JsonNode json = vectors.json();
  private final double iouLimit = json.path("tolerance").path("iou").doubleValue();

  private static double[] doubles(JsonNode node) {
    double[] values = new double[node.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = node.get(i).doubleValue();
    }
    return values;
  }

  private static RunLengthMask mask(JsonNode size, JsonNode compressed) {
    return RunLengthMask.ofCompressedString(
        size.get(0).intValue(), size.get(1).intValue(), compressed.textValue());
  }

  @Test
  void masks() {
    for (JsonNode entry : json.get("masks")) {
      String name = entry.get("name").textValue();
      int height = entry.get("size").get(0).intValue();
      int width = entry.get("size").get(1).intValue();
      long[] stored = vectors.longs(SET, "mask." + name);
      byte[] pixels = new byte[stored.length];
      for (int i = 0; i < pixels.length; i++) {
        pixels[i] = (byte) stored[i];
      }
      RunLengthMask encoded = RunLengthMask.encode(pixels, height, width);
      int[] counts = new int[entry.get("counts").size()];
      for (int i = 0; i < counts.length; i++) {
        counts[i] = entry.get("counts").get(i).intValue();
      }
      assertArrayEquals(counts, encoded.counts(), name);
      assertEquals(entry.get("compressed").textValue(), encoded.toCompressedString(), name);
      RunLengthMask read = mask(entry.get("size"), entry.get("compressed"));
      assertEquals(encoded, read, name);
      assertArrayEquals(pixels, read.decode(), name);
      assertEquals(entry.get("area").intValue(), read.area(), name);
      assertArrayEquals(doubles(entry.get("bbox")), read.boundingBox(), name);
    }
  }

  @Test
  void intersectionOverUnion() {
    JsonNode iou = json.get("iou");
    for (int d = 0; d < iou.get("detections").size(); d++) {
      RunLengthMask detection = mask(iou.get("size"), iou.get("detections").get(d));
      for (int g = 0; g < iou.get("ground_truth").size(); g++) {
        RunLengthMask truth = mask(iou.get("size"), iou.get("ground_truth").get(g));
        boolean crowd = iou.get("iscrowd").get(g).intValue() == 1;
        assertEquals(
            iou.get("iscrowd_0").get(d).get(g).doubleValue(),
            detection.iou(truth, false),
            iouLimit);
        assertEquals(
            iou.get("iou_with_crowd").get(d).get(g).doubleValue(),
            detection.iou(truth, crowd),
            iouLimit);
      }
    }
  }

  @Test
  void unionAndIntersection() {
    JsonNode merge = json.get("merge");
    List<RunLengthMask> inputs = new ArrayList<>();
    merge.get("inputs").forEach(input -> inputs.add(mask(merge.get("size"), input)));
    assertEquals(
        merge.get("union").textValue(), RunLengthMask.merge(inputs, false).toCompressedString());
    assertEquals(
        merge.get("intersection").textValue(),
        RunLengthMask.merge(inputs, true).toCompressedString());
  }

  @Test
  void polygons() {
    for (JsonNode entry : json.get("polygons")) {
      int height = entry.get("size").get(0).intValue();
      int width = entry.get("size").get(1).intValue();
      List<double[]> outlines = new ArrayList<>();
      for (int i = 0; i < entry.get("polygons").size(); i++) {
        double[] outline = doubles(entry.get("polygons").get(i));
        assertEquals(
            entry.get("each").get(i).textValue(),
            PolygonRasteriser.polygon(outline, height, width).toCompressedString());
        outlines.add(outline);
      }
      RunLengthMask union = PolygonRasteriser.polygons(outlines, height, width);
      assertEquals(entry.get("union").textValue(), union.toCompressedString());
      assertEquals(entry.get("union_area").intValue(), union.area());
      assertArrayEquals(doubles(entry.get("union_bbox")), union.boundingBox());
    }
  }

  @Test
  void boxes() {
    for (JsonNode entry : json.get("boxes_to_rle")) {
      assertEquals(
          entry.get("compressed").textValue(),
          PolygonRasteriser.box(
                  doubles(entry.get("box")),
                  entry.get("size").get(0).intValue(),
                  entry.get("size").get(1).intValue())
              .toCompressedString());
    }
  }
}
