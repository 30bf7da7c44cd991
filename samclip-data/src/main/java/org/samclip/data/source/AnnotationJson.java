package org.samclip.data.source;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.mask.PolygonRasteriser;
import org.samclip.data.mask.RunLengthMask;

/** COCO's JSON forms of a mask: compressed string, plain counts, polygons. */
final class AnnotationJson {

  static final ObjectMapper MAPPER = new ObjectMapper();

  private AnnotationJson() {}

  static JsonNode parse(byte[] json, String name) {
    try {
      JsonNode node = MAPPER.readTree(json);
      if (node == null || !node.isObject()) {
        throw bad(name + ": not a JSON object");
      }
      return node;
    } catch (IOException e) {
      throw new BrokenSampleException(
          Kind.BAD_ANNOTATION, name + ": not readable as JSON (" + firstLine(e) + ")", e);
    }
  }

  private static String firstLine(IOException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  static BrokenSampleException bad(String message) {
    return new BrokenSampleException(Kind.BAD_ANNOTATION, message);
  }

  /**
   * Reads a mask.
   *
   * @param segmentation {@code {"size": [h, w], "counts": ...}} or a list of polygons
   * @param height rows of the image
   * @param width columns of the image
   * @param name what messages call it
   */
  static RunLengthMask mask(JsonNode segmentation, int height, int width, String name) {
    try {
      return segmentation.isArray()
          ? PolygonRasteriser.polygons(polygons(segmentation, name), height, width)
          : runs(segmentation, height, width, name);
    } catch (BrokenSampleException e) {
      throw e.getMessage().startsWith(name)
          ? e
          : new BrokenSampleException(e.kind(), name + ": " + e.getMessage(), e);
    }
  }

  private static RunLengthMask runs(JsonNode node, int height, int width, String name) {
    JsonNode size = node.path("size");
    if (size.size() != 2 || !size.get(0).isInt() || !size.get(1).isInt()) {
      throw bad(name + ": segmentation without \"size\": [height, width]");
    }
    // Checked first: the size decides what decoding allocates.
    if (size.get(0).intValue() != height || size.get(1).intValue() != width) {
      throw new BrokenSampleException(
          Kind.BAD_MASK,
          name
              + ": mask of "
              + size.get(0)
              + " x "
              + size.get(1)
              + " on an image of "
              + height
              + " x "
              + width);
    }
    JsonNode counts = node.path("counts");
    if (counts.isTextual()) {
      return RunLengthMask.ofCompressedString(height, width, counts.textValue());
    }
    if (!counts.isArray()) {
      throw bad(name + ": segmentation without \"counts\"");
    }
    int[] values = new int[counts.size()];
    for (int i = 0; i < values.length; i++) {
      if (!counts.get(i).isInt()) {
        throw bad(name + ": \"counts\" holds " + counts.get(i) + ", allowed: whole numbers");
      }
      values[i] = counts.get(i).intValue();
    }
    return new RunLengthMask(height, width, values);
  }

  private static List<double[]> polygons(JsonNode node, String name) {
    List<double[]> polygons = new ArrayList<>();
    for (JsonNode polygon : node) {
      double[] xy = new double[polygon.size()];
      for (int i = 0; i < xy.length; i++) {
        if (!polygon.get(i).isNumber()) {
          throw bad(name + ": polygon holds " + polygon.get(i) + ", allowed: numbers");
        }
        xy[i] = polygon.get(i).doubleValue();
      }
      polygons.add(xy);
    }
    return polygons;
  }
}
