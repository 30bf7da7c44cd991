package org.samclip.data.source;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
   * @param name what messages call it
   * @return the masks of the segments that are no crowds, in the annotation's order
   */
  static List<RunLengthMask> masks(
      byte[] png, JsonNode annotation, RgbImage image, String name, DataLimits limits) {
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
    JsonNode segments = annotation.path("segments_info");
    if (!segments.isArray()) {
      throw AnnotationJson.bad(name + ": no list \"segments_info\"");
    }
    Map<Integer, RunLengthMask> regions = new HashMap<>();
    byte[] rgb = map.rgb();
    RegionMasks.of(
        map.height(),
        map.width(),
        i -> rgb[3 * i] & 0xFF | (rgb[3 * i + 1] & 0xFF) << 8 | (rgb[3 * i + 2] & 0xFF) << 16,
        number -> number != 0,
        regions::put);
    List<RunLengthMask> masks = new ArrayList<>();
    for (JsonNode segment : segments) {
      RunLengthMask mask = regions.get(segment.path("id").asInt(0));
      if (mask == null) {
        throw new BrokenSampleException(
            Kind.BAD_MASK, name + ": no pixel of segment " + segment.path("id"));
      }
      if (segment.path("iscrowd").asInt(0) != 1) {
        masks.add(mask);
      }
    }
    return masks;
  }
}
