package org.samclip.eval.metric;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.samclip.data.mask.PolygonRasteriser;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.eval.metric.CocoAveragePrecision.Detection;
import org.samclip.eval.metric.CocoAveragePrecision.Truth;
import org.samclip.parity.Vectors;

/** The twelve numbers and the curves of pycocotools, for masks and boxes. */
class CocoEvaluationParityTest {

  private static final String SET = "coco_eval";

  private final Vectors vectors = Vectors.load(SET);
  private final double limit = vectors.json().get("tolerance").asDouble();
  private final JsonNode annotations = read("coco_eval_annotations.json");
  private final JsonNode detections = read("coco_eval_detections.json");

  private static JsonNode read(String name) {
    try {
      return new ObjectMapper().readTree(Vectors.find(name).toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void masks() {
    CocoAveragePrecision<RunLengthMask> ap = CocoAveragePrecision.ofMasks();
    fill(ap, this::mask, this::mask);
    check("segm", ap);
    checkCurve("segm.precision", precision(declared(ap)));
    checkCurve("segm.recall", recall(declared(ap)));
  }

  @Test
  void boxes() {
    CocoAveragePrecision<double[]> ap = CocoAveragePrecision.ofBoxes();
    fill(ap, CocoEvaluationParityTest::box, detection -> mask(detection).boundingBox());
    check("bbox", ap);
    checkCurve("bbox.recall", recall(declared(ap)));
  }

  private <R> void fill(
      CocoAveragePrecision<R> ap, Function<JsonNode, R> ofTruth, Function<JsonNode, R> ofFound) {
    for (JsonNode image : annotations.get("images")) {
      long id = image.get("id").asLong();
      List<Truth<R>> truths = new ArrayList<>();
      for (JsonNode node : annotations.get("annotations")) {
        if (node.get("image_id").asLong() == id) {
          truths.add(
              new Truth<>(
                  node.get("category_id").asLong(),
                  node.get("iscrowd").asInt() == 1,
                  node.get("area").asDouble(),
                  ofTruth.apply(node)));
        }
      }
      List<Detection<R>> found = new ArrayList<>();
      for (JsonNode node : detections) {
        if (node.get("image_id").asLong() == id) {
          found.add(
              new Detection<>(
                  node.get("category_id").asLong(),
                  node.get("score").asDouble(),
                  mask(node).area(),
                  ofFound.apply(node)));
        }
      }
      ap.add(id, truths, found);
    }
  }

  private RunLengthMask mask(JsonNode node) {
    JsonNode segmentation = node.get("segmentation");
    int height = 0;
    int width = 0;
    for (JsonNode image : annotations.get("images")) {
      if (image.get("id").equals(node.get("image_id"))) {
        height = image.get("height").asInt();
        width = image.get("width").asInt();
      }
    }
    if (segmentation.isArray()) {
      List<double[]> polygons = new ArrayList<>();
      segmentation.forEach(polygon -> polygons.add(numbers(polygon)));
      return PolygonRasteriser.polygons(polygons, height, width);
    }
    JsonNode counts = segmentation.get("counts");
    if (counts.isTextual()) {
      return RunLengthMask.ofCompressedString(height, width, counts.asText());
    }
    int[] runs = new int[counts.size()];
    for (int i = 0; i < runs.length; i++) {
      runs[i] = counts.get(i).asInt();
    }
    return new RunLengthMask(height, width, runs);
  }

  private static double[] box(JsonNode node) {
    return numbers(node.get("bbox"));
  }

  private static double[] numbers(JsonNode node) {
    double[] values = new double[node.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = node.get(i).asDouble();
    }
    return values;
  }

  private void check(String kind, CocoAveragePrecision<?> ap) {
    CocoScores scores = ap.scores();
    Map<String, Double> got = new HashMap<>();
    got.put("AP", scores.ap());
    got.put("AP50", scores.ap50());
    got.put("AP75", scores.ap75());
    got.put("AP_small", scores.apSmall());
    got.put("AP_medium", scores.apMedium());
    got.put("AP_large", scores.apLarge());
    got.put("AR_1", scores.ar1());
    got.put("AR_10", scores.ar10());
    got.put("AR_100", scores.ar100());
    got.put("AR_small", scores.arSmall());
    got.put("AR_medium", scores.arMedium());
    got.put("AR_large", scores.arLarge());
    JsonNode expected = vectors.json().get("expected").get(kind);
    assertEquals(expected.get("stats").size(), got.size());
    expected
        .get("stats")
        .fields()
        .forEachRemaining(
            e -> assertEquals(e.getValue().asDouble(), got.get(e.getKey()), limit, e.getKey()));
    expected
        .get("per_category")
        .fields()
        .forEachRemaining(
            e ->
                assertEquals(
                    e.getValue().get("AP").asDouble(),
                    scores.apPerCategory().getOrDefault(Long.valueOf(e.getKey()), -1.0),
                    limit,
                    "category " + e.getKey()));
  }

  /** The curves of all categories of the file; -1 for one that is neither annotated nor found. */
  private List<CocoCurves.OfCategory> declared(CocoAveragePrecision<?> ap) {
    Map<Long, CocoCurves.OfCategory> curves = new TreeMap<>();
    for (JsonNode category : annotations.get("categories")) {
      long id = category.get("id").asLong();
      curves.put(id, CocoCurves.OfCategory.of(id, List.of()));
    }
    ap.curves().categories().forEach(curve -> curves.put(curve.category(), curve));
    return List.copyOf(curves.values());
  }

  /** {@code [T, 101, categories, areas]}, as the reference orders it. */
  private static List<Double> precision(List<CocoCurves.OfCategory> curves) {
    List<Double> values = new ArrayList<>();
    for (int t = 0; t < CocoMatches.THRESHOLDS.length; t++) {
      for (int r = 0; r < CocoCurves.RECALLS; r++) {
        for (CocoCurves.OfCategory category : curves) {
          for (double[][] ofArea : category.precision()) {
            values.add(ofArea[t][r]);
          }
        }
      }
    }
    return values;
  }

  /** {@code [T, categories, areas, limits]}, as the reference orders it. */
  private static List<Double> recall(List<CocoCurves.OfCategory> curves) {
    List<Double> values = new ArrayList<>();
    for (int t = 0; t < CocoMatches.THRESHOLDS.length; t++) {
      for (CocoCurves.OfCategory category : curves) {
        for (double[][] ofArea : category.recall()) {
          for (double value : ofArea[t]) {
            values.add(value);
          }
        }
      }
    }
    return values;
  }

  private void checkCurve(String tensor, List<Double> got) {
    double[] expected = vectors.doubles(SET, tensor);
    assertEquals(expected.length, got.size(), tensor);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], got.get(i), limit, tensor + " at " + i);
    }
  }
}
