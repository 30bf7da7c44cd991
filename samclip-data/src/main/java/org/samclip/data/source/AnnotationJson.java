package org.samclip.data.source;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.samclip.data.BadAnnotation;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.mask.PolygonRasteriser;
import org.samclip.data.mask.RunLengthMask;

/**
 * COCO's JSON forms of a mask (compressed string, plain counts, polygons), and the rule by which
 * training, packing and evaluation part the good annotations from the bad ones.
 */
final class AnnotationJson {

  private AnnotationJson() {}

  /**
   * An object that can be used.
   *
   * @param crowd whether it stands for several objects that are not told apart
   * @param mask not empty
   */
  record Region(boolean crowd, RunLengthMask mask) {}

  static JsonNode parse(byte[] json, String name) {
    try {
      JsonNode node = JsonValues.MAPPER.readTree(json);
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

  /** A field whose value means nothing: it is refused, as any guess would count silently. */
  static BrokenSampleException badField(String name, String field, JsonNode value, String allowed) {
    return bad(
        name + ": \"" + field + "\" is " + JsonValues.shown(value) + ", allowed: " + allowed);
  }

  /**
   * Reads one annotation; if it is bad, notes that and goes on.
   *
   * @param entry where it is, for the list of bad ones
   * @param bad takes what is wrong
   * @param reading throws a {@link BrokenSampleException} if the annotation cannot be used
   * @param good takes what was read
   */
  static <T> void collect(
      String entry, List<BadAnnotation> bad, Supplier<T> reading, Consumer<T> good) {
    T read;
    try {
      read = reading.get();
    } catch (BrokenSampleException e) {
      bad.add(new BadAnnotation(entry, e.kind(), e.getMessage()));
      return;
    }
    good.accept(read);
  }

  /**
   * Reads what every task needs of an object.
   *
   * @param annotation with {@code segmentation} and perhaps {@code iscrowd}
   * @param height rows of the image
   * @param width columns of the image
   * @param name what messages call it
   */
  static Region region(JsonNode annotation, int height, int width, String name) {
    boolean crowd = crowd(annotation, name);
    return new Region(crowd, mask(annotation.path("segmentation"), height, width, name));
  }

  /** Whether an annotation or a segment is a crowd; without the field it is none. */
  static boolean crowd(JsonNode annotation, String name) {
    JsonNode value = annotation.path("iscrowd");
    if (JsonValues.absent(value)) {
      return false;
    }
    Boolean crowd = JsonValues.flag(value);
    if (crowd == null) {
      throw badField(name, "iscrowd", value, "0 or 1");
    }
    return crowd;
  }

  /**
   * Reads a mask.
   *
   * @param segmentation {@code {"size": [h, w], "counts": ...}}, a list of polygons, or a list of
   *     both, of which the union is meant
   * @param height rows of the image
   * @param width columns of the image
   * @param name what messages call it
   * @return a mask of at least one pixel
   */
  static RunLengthMask mask(JsonNode segmentation, int height, int width, String name) {
    RunLengthMask mask;
    try {
      mask = draw(segmentation, height, width, name);
    } catch (BrokenSampleException e) {
      throw e.getMessage().startsWith(name)
          ? e
          : new BrokenSampleException(e.kind(), name + ": " + e.getMessage(), e);
    }
    if (mask.area() == 0) {
      throw new BrokenSampleException(Kind.EMPTY_MASK, name + ": its mask has no pixel");
    }
    return mask;
  }

  private static RunLengthMask draw(JsonNode node, int height, int width, String name) {
    boolean container = node.isArray() || node.isObject();
    if (JsonValues.absent(node) || container && node.isEmpty()) {
      throw new BrokenSampleException(
          Kind.NO_MASK,
          name + ": \"segmentation\" is " + (node.isEmpty() && container ? "empty" : shown(node)));
    }
    if (!node.isArray()) {
      return runs(node, height, width, name);
    }
    List<RunLengthMask> parts = new ArrayList<>();
    for (JsonNode part : node) {
      if (part.isObject()) {
        parts.add(runs(part, height, width, name));
      } else {
        double[] polygon = polygon(part, name);
        // pycocotools draws nothing for fewer than three corners.
        if (polygon.length >= 6) {
          parts.add(PolygonRasteriser.polygon(polygon, height, width));
        }
      }
    }
    if (parts.isEmpty()) {
      throw new BrokenSampleException(
          Kind.BAD_MASK, name + ": no polygon of at least three corners in " + shown(node));
    }
    return RunLengthMask.merge(parts, false);
  }

  private static String shown(JsonNode node) {
    return JsonValues.shown(node);
  }

  private static RunLengthMask runs(JsonNode node, int height, int width, String name) {
    if (!node.isObject()) {
      throw badField(name, "segmentation", node, "a list of polygons, or run lengths as an object");
    }
    JsonNode size = node.path("size");
    Long rows = size.size() == 2 ? JsonValues.whole(size.get(0)) : null;
    Long columns = size.size() == 2 ? JsonValues.whole(size.get(1)) : null;
    if (rows == null || columns == null) {
      throw badField(name, "segmentation.size", size, "[height, width]");
    }
    // Checked first: the size decides what decoding allocates.
    if (rows != height || columns != width) {
      throw new BrokenSampleException(
          Kind.BAD_MASK,
          name
              + ": mask of "
              + rows
              + " x "
              + columns
              + " on an image of "
              + height
              + " x "
              + width);
    }
    JsonNode counts = node.path("counts");
    if (counts.isTextual()) {
      return RunLengthMask.ofCompressedString(height, width, counts.textValue());
    }
    if (JsonValues.absent(counts)) {
      throw new BrokenSampleException(
          Kind.NO_MASK, name + ": \"segmentation.counts\" is " + shown(counts));
    }
    if (!counts.isArray()) {
      throw badField(name, "segmentation.counts", counts, "a text, or a list of whole numbers");
    }
    int[] values = new int[counts.size()];
    for (int i = 0; i < values.length; i++) {
      Long count = JsonValues.whole(counts.get(i));
      if (count == null || count < Integer.MIN_VALUE || count > Integer.MAX_VALUE) {
        throw badField(name, "segmentation.counts", counts.get(i), "whole numbers");
      }
      values[i] = count.intValue();
    }
    return new RunLengthMask(height, width, values);
  }

  /** Corners; a number without its partner at the end is left out, as pycocotools does it. */
  private static double[] polygon(JsonNode part, String name) {
    if (!part.isArray()) {
      throw badField(name, "segmentation", part, "a list of lists [x0, y0, x1, y1, ...]");
    }
    double[] xy = new double[part.size() / 2 * 2];
    for (int i = 0; i < part.size(); i++) {
      Double value = JsonValues.number(part.get(i));
      if (value == null || !Double.isFinite(value)) {
        throw badField(name, "segmentation", part.get(i), "finite numbers in a polygon");
      }
      if (i < xy.length) {
        xy[i] = value;
      }
    }
    return xy;
  }
}
