package org.samclip.data.source;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.samclip.UserError;
import org.samclip.data.source.SampleRef.Member;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a COCO or LVIS file keeps what: its images, its categories, and for each annotation the
 * place of its text, 12 bytes of memory each. The file is read once as a stream; the texts stay on
 * disk until their image is asked for.
 */
final class CocoIndex {

  /**
   * An image.
   *
   * @param id in the file
   * @param file name below the images' folder
   * @param width in pixels, as the file states it
   * @param height in pixels, as the file states it
   */
  record Image(long id, String file, int width, int height) {}

  private static final Logger LOG = LoggerFactory.getLogger(CocoIndex.class);

  private final Path json;
  private final List<Image> images = new ArrayList<>();
  private final TreeMap<Long, String> categories = new TreeMap<>();

  // Annotations as they come; then ordered by image, those of image i from first[i] to first[i+1].
  private long[] owners = new long[1024];
  private long[] offsets = new long[1024];
  private int[] lengths = new int[1024];
  private int annotations;
  private int[] first;

  /**
   * @param json the file
   * @throws UserError if it is missing or not COCO's JSON
   */
  CocoIndex(Path json) {
    this.json = json;
    if (!Files.isRegularFile(json)) {
      throw new UserError(json + ": no such file; expected COCO instances JSON");
    }
    try (JsonParser parser = new JsonFactory().createParser(json.toFile())) {
      read(parser);
    } catch (IOException e) {
      throw new UserError(
          json + ": not readable as JSON (" + e.getMessage().lines().findFirst().orElse("") + ")",
          e);
    }
    if (images.isEmpty()) {
      throw new UserError(json + ": 0 images, at least 1 needed");
    }
    images.sort(Comparator.comparingLong(Image::id));
    order();
  }

  List<Image> images() {
    return images;
  }

  /** Names by the file's own numbers, in the order of these. */
  TreeMap<Long, String> categories() {
    return categories;
  }

  /** The texts of an image's annotations, in the file's order. */
  List<Member> annotations(int image) {
    List<Member> members = new ArrayList<>();
    for (int i = first[image]; i < first[image + 1]; i++) {
      members.add(new Member("annotation." + (i - first[image]), json, offsets[i], lengths[i]));
    }
    return members;
  }

  private void read(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw new UserError(json + ": not a JSON object; expected COCO instances JSON");
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String list = parser.currentName();
      boolean known = List.of("images", "categories", "annotations").contains(list);
      if (parser.nextToken() != JsonToken.START_ARRAY || !known) {
        parser.skipChildren();
        continue;
      }
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
          throw new UserError(json + ": " + list + " holds something that is no object");
        }
        switch (list) {
          case "images" -> image(parser);
          case "categories" -> category(parser);
          default -> annotation(parser);
        }
      }
    }
  }

  /** The scalar fields of an object that are wanted; whatever it contains besides is skipped. */
  private static Map<String, Object> scalars(JsonParser parser, List<String> wanted)
      throws IOException {
    Map<String, Object> found = new HashMap<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String field = parser.currentName();
      JsonToken value = parser.nextToken();
      if (wanted.contains(field) && value == JsonToken.VALUE_STRING) {
        found.put(field, parser.getText());
      } else if (wanted.contains(field) && value == JsonToken.VALUE_NUMBER_INT) {
        found.put(field, parser.getLongValue());
      } else {
        parser.skipChildren();
      }
    }
    return found;
  }

  private void image(JsonParser parser) throws IOException {
    Map<String, Object> fields =
        scalars(parser, List.of("id", "file_name", "coco_url", "width", "height"));
    images.add(
        new Image(
            number(fields, "id", "images"),
            file(fields),
            side(fields, "width"),
            side(fields, "height")));
  }

  /** LVIS names its images by address alone: folder and name are its last two elements. */
  private String file(Map<String, Object> fields) {
    if (!(fields.get("file_name") instanceof String)
        && fields.get("coco_url") instanceof String url) {
      int name = url.lastIndexOf('/');
      return url.substring(url.lastIndexOf('/', name - 1) + 1);
    }
    return text(fields, "file_name", "images");
  }

  private int side(Map<String, Object> fields, String side) {
    long value = number(fields, side, "images");
    if (value < 1 || value > Integer.MAX_VALUE) {
      throw new UserError(json + ": an entry of images has the " + side + " " + value);
    }
    return (int) value;
  }

  private void category(JsonParser parser) throws IOException {
    Map<String, Object> fields = scalars(parser, List.of("id", "name"));
    categories.put(number(fields, "id", "categories"), text(fields, "name", "categories"));
  }

  private void annotation(JsonParser parser) throws IOException {
    long start = parser.currentTokenLocation().getByteOffset();
    long owner = number(scalars(parser, List.of("image_id")), "image_id", "annotations");
    long length = parser.currentLocation().getByteOffset() - start;
    if (start < 0) {
      throw new UserError(json + ": not UTF-8 text; write it as UTF-8");
    }
    if (length > Integer.MAX_VALUE) {
      throw new UserError(json + ": an annotation of " + length + " bytes");
    }
    if (annotations == owners.length) {
      owners = Arrays.copyOf(owners, 2 * annotations);
      offsets = Arrays.copyOf(offsets, 2 * annotations);
      lengths = Arrays.copyOf(lengths, 2 * annotations);
    }
    owners[annotations] = owner;
    offsets[annotations] = start;
    lengths[annotations++] = (int) length;
  }

  private long number(Map<String, Object> fields, String field, String list) {
    if (fields.get(field) instanceof Long value) {
      return value;
    }
    throw new UserError(json + ": an entry of " + list + " has no whole number \"" + field + "\"");
  }

  private String text(Map<String, Object> fields, String field, String list) {
    if (fields.get(field) instanceof String value) {
      return value;
    }
    throw new UserError(json + ": an entry of " + list + " has no text \"" + field + "\"");
  }

  /** Brings the annotations of an image together, by counting. */
  private void order() {
    Map<Long, Integer> indices = new HashMap<>();
    for (int i = 0; i < images.size(); i++) {
      if (indices.put(images.get(i).id(), i) != null) {
        throw new UserError(json + ": image id " + images.get(i).id() + " is there twice");
      }
    }
    int[] image = new int[annotations];
    first = new int[images.size() + 1];
    int homeless = 0;
    for (int i = 0; i < annotations; i++) {
      image[i] = indices.getOrDefault(owners[i], -1);
      if (image[i] < 0) {
        homeless++;
      } else {
        first[image[i] + 1]++;
      }
    }
    owners = null;
    for (int i = 0; i < images.size(); i++) {
      first[i + 1] += first[i];
    }
    int[] next = Arrays.copyOf(first, images.size());
    long[] orderedOffsets = new long[annotations - homeless];
    int[] orderedLengths = new int[annotations - homeless];
    for (int i = 0; i < annotations; i++) {
      if (image[i] >= 0) {
        int at = next[image[i]]++;
        orderedOffsets[at] = offsets[i];
        orderedLengths[at] = lengths[i];
      }
    }
    offsets = orderedOffsets;
    lengths = orderedLengths;
    if (homeless > 0) {
      LOG.warn("{}: {} annotations belong to no image of the file", json, homeless);
    }
  }
}
