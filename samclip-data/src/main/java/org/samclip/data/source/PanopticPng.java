package org.samclip.data.source;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.samclip.data.BadAnnotation;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.mask.RegionMasks;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.transform.ImageDecoder;
import org.samclip.data.transform.RgbImage;

/** COCO's panoptic form: each pixel's colour is its segment's number, R + 256 G + 65536 B. */
final class PanopticPng {

  private PanopticPng() {}

  /**
   * @param png the segment map
   * @param annotation with {@code segments_info}
   * @param image it belongs to
   * @param entry where the annotation is, for the list of bad ones
   * @param name what messages call it
   * @param limits what the map may cost
   * @param masks takes those of the segments that are no crowds, in the annotation's order
   * @param bad takes the segments that cannot be used
   * @throws BrokenSampleException if the map does not fit the image
   */
  static void masks(
      byte[] png,
      JsonNode annotation,
      RgbImage image,
      String entry,
      String name,
      DataLimits limits,
      List<RunLengthMask> masks,
      List<BadAnnotation> bad) {
    RgbImage map = ImageDecoder.decode(png, name + ", segment map", limits.maxPixels());
    if (map.width() != image.width() || map.height() != image.height()) {
      throw new BrokenSampleException(
          Kind.BAD_MASK,
          name
              + ": segment map of "
              + map.width()
              + " x "
              + map.height()
              + " on an image of "
              + image.width()
              + " x "
              + image.height());
    }
    Map<Integer, RunLengthMask> regions = new HashMap<>();
    byte[] rgb = map.rgb();
    RegionMasks.of(
        map.height(),
        map.width(),
        i -> rgb[3 * i] & 0xFF | (rgb[3 * i + 1] & 0xFF) << 8 | (rgb[3 * i + 2] & 0xFF) << 16,
        number -> number != 0,
        regions::put);
    JsonNode segments = annotation.path("segments_info");
    if (!segments.isArray()) {
      String found = name + ": \"segments_info\" is " + JsonValues.shown(segments);
      bad.add(new BadAnnotation(entry, Kind.BAD_ANNOTATION, found + ", allowed: a list"));
      return;
    }
    for (int i = 0; i < segments.size(); i++) {
      JsonNode segment = segments.get(i);
      String at = ".segments_info[" + i + "]";
      AnnotationJson.collect(
          entry + at,
          bad,
          () -> region(segment, regions, name + at),
          region -> {
            if (!region.crowd()) {
              masks.add(region.mask());
            }
          });
    }
  }

  private static AnnotationJson.Region region(
      JsonNode segment, Map<Integer, RunLengthMask> regions, String name) {
    Long id = JsonValues.whole(segment.path("id"));
    if (id == null) {
      throw AnnotationJson.badField(name, "id", segment.path("id"), "a whole number");
    }
    RunLengthMask mask = id < 0 || id > 0xFF_FFFF ? null : regions.get(id.intValue());
    if (mask == null) {
      throw new BrokenSampleException(Kind.EMPTY_MASK, name + ": no pixel of segment " + id);
    }
    return new AnnotationJson.Region(AnnotationJson.crowd(segment, name), mask);
  }
}
