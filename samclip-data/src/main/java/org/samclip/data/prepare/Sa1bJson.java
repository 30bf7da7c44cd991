package org.samclip.data.prepare;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.util.List;
import org.samclip.data.mask.RunLengthMask;

/** Annotation files in SA-1B's form, of masks that are certain. */
public final class Sa1bJson {

  private static final ObjectMapper MAPPER = new ObjectMapper();

  private Sa1bJson() {}

  /**
   * Writes the annotations of one image.
   *
   * @param id of the image
   * @param file name of the image's file
   * @param width pixels
   * @param height pixels
   * @param masks of the image's size
   * @return the JSON file's bytes
   */
  public static byte[] write(
      long id, String file, int width, int height, List<RunLengthMask> masks) {
    ObjectNode root = MAPPER.createObjectNode();
    ObjectNode image = root.putObject("image");
    image.put("image_id", id);
    image.put("width", width);
    image.put("height", height);
    image.put("file_name", file);
    ArrayNode annotations = root.putArray("annotations");
    for (int i = 0; i < masks.size(); i++) {
      RunLengthMask mask = masks.get(i);
      ObjectNode one = annotations.addObject();
      one.put(
          "id",
          BigInteger.valueOf(id).multiply(BigInteger.valueOf(100)).add(BigInteger.valueOf(i)));
      one.set("segmentation", compressed(MAPPER, mask));
      one.set("bbox", numbers(mask.boundingBox()));
      one.put("area", mask.area());
      one.put("predicted_iou", 1.0);
      one.put("stability_score", 1.0);
      one.putArray("point_coords").add(numbers(pointInside(mask)));
      one.set("crop_box", numbers(0, 0, width, height));
    }
    try {
      return MAPPER.writeValueAsBytes(root);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of numbers and texts is always JSON", e);
    }
  }

  /**
   * A mask as COCO's compressed run lengths.
   *
   * @param mapper makes the node
   * @param mask any
   * @return {@code {"size": [h, w], "counts": "..."}}
   */
  public static ObjectNode compressed(ObjectMapper mapper, RunLengthMask mask) {
    ObjectNode node = mapper.createObjectNode();
    node.putArray("size").add(mask.height()).add(mask.width());
    node.put("counts", mask.toCompressedString());
    return node;
  }

  private static ArrayNode numbers(double... values) {
    ArrayNode node = MAPPER.createArrayNode();
    for (double value : values) {
      node.add(value);
    }
    return node;
  }

  /** x, y of the middle of the longest vertical run: inside also where the centre is not. */
  private static double[] pointInside(RunLengthMask mask) {
    byte[] inside = mask.decode();
    int best = 0;
    double[] point = new double[2];
    for (int x = 0; x < mask.width(); x++) {
      int run = 0;
      for (int y = 0; y < mask.height(); y++) {
        run = inside[y * mask.width() + x] != 0 ? run + 1 : 0;
        if (run > best) {
          best = run;
          point[0] = x;
          point[1] = y - run / 2;
        }
      }
    }
    return point;
  }
}
