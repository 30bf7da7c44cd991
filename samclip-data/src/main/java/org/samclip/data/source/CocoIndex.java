package org.samclip.data.source;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.source.SampleRef.Member;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a COCO or LVIS file keeps what: its images, its categories, and for each annotation the
 * place of its text, 16 bytes of memory each. The file is read once as a stream; the texts stay on
 * disk until their image is asked for.
 */
final class CocoIndex {

  /**
   * An image.
   *
   * @param id in the file, as {@link JsonValues#id} writes it
   * @param file name below the images' folder
   * @param width in pixels, as the file states it; 0 if it does not
   * @param height in pixels, as the file states it; 0 if it does not
   * @param failure why it cannot be used, or null
   */
  record Image(String id, String file, int width, int height, BrokenSampleException failure) {}

  /** A category that annotations may name. */
  record Category(String id, String name) {}

  /** An annotation's text: its place in the file's list, and its JSON. */
  record Text(int number, byte[] json) {

    /** What messages and lists of bad annotations call it. */
    String entry() {
      return "annotations[" + number + "]";
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(CocoIndex.class);

  private static final String ANNOTATION = "annotation.";

  private static final int HOMELESS_NAMED = 3;

  /** Numbers as numbers, before texts. */
  private static final Comparator<String> BY_ID =
      Comparator.comparing(
              CocoIndex::value, Comparator.nullsLast(Comparator.<BigInteger>naturalOrder()))
          .thenComparing(Comparator.naturalOrder());

  private final Path json;
  private final List<Image> images = new ArrayList<>();
  private final List<Category> categories = new ArrayList<>();

  // Annotations as they come; then ordered by image, those of image i from first[i] to first[i+1].
  private int[] owners = new int[1024];
  private int[] numbers = new int[1024];
  private long[] offsets = new long[1024];
  private int[] lengths = new int[1024];
  private int annotations;
  private int[] first;

  /** A number for each image id that has been met, so that annotations need not keep the text. */
  private Map<String, Integer> ids = new HashMap<>();

  /** How many entries of the list that is being read came before this one. */
  private int entry;

  /** How many annotations belong to no image, and why the first ones do not. */
  private int homeless;

  private final List<String> firstHomeless = new ArrayList<>();

  /**
   * @param json the file
   * @throws UserError if it is missing or not COCO's JSON
   */
  CocoIndex(Path json) {
    this.json = json;
    if (!Files.isRegularFile(json)) {
      throw new UserError(json + ": no such file; expected COCO instances JSON");
    }
    try (JsonParser parser = JsonValues.MAPPER.createParser(json.toFile())) {
      read(parser);
    } catch (IOException e) {
      throw new UserError(
          json + ": not readable as JSON (" + e.getMessage().lines().findFirst().orElse("") + ")",
          e);
    }
    if (images.isEmpty()) {
      throw new UserError(json + ": 0 images, at least 1 needed");
    }
    if (images.stream().allMatch(image -> image.failure() != null)) {
      throw new UserError(images.get(0).failure().getMessage() + "; so are all of its images");
    }
    images.sort(Comparator.comparing(Image::id, BY_ID));
    categories.sort(Comparator.comparing(Category::id, BY_ID));
    order();
  }

  private static BigInteger value(String id) {
    int sign = id.startsWith("-") ? 1 : 0;
    boolean digits =
        id.length() > sign && id.chars().skip(sign).allMatch(c -> c >= '0' && c <= '9');
    return digits ? new BigInteger(id) : null;
  }

  /** In the order of their ids; at least one can be used. */
  List<Image> images() {
    return images;
  }

  /** In the order of their ids; perhaps none. */
  List<Category> categories() {
    return categories;
  }

  /** Annotations that belong to none of the images. */
  LeftOut leftOut() {
    LeftOut leftOut = new LeftOut();
    if (homeless > 0) {
      leftOut.add(new LeftOut.Entry(LeftOut.Rule.HOMELESS, homeless, firstHomeless));
    }
    return leftOut;
  }

  /** The texts of an image's annotations, in the file's order. */
  List<Member> annotations(int image) {
    List<Member> members = new ArrayList<>();
    for (int i = first[image]; i < first[image + 1]; i++) {
      members.add(new Member(ANNOTATION + numbers[i], json, offsets[i], lengths[i]));
    }
    return members;
  }

  /** The annotations among a sample's fields, in the file's order. */
  static List<Text> texts(RawSample raw) {
    List<Text> texts = new ArrayList<>();
    raw.fields()
        .forEach(
            (field, bytes) -> {
              if (field.startsWith(ANNOTATION)) {
                texts.add(new Text(Integer.parseInt(field.substring(ANNOTATION.length())), bytes));
              }
            });
    texts.sort(Comparator.comparingInt(Text::number));
    return texts;
  }

  private void read(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw new UserError(json + ": not a JSON object; expected COCO instances JSON");
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String list = parser.currentName();
      boolean known = List.of("images", "categories", "annotations").contains(list);
      JsonToken value = parser.nextToken();
      if (!known || value == JsonToken.VALUE_NULL) {
        parser.skipChildren();
        continue;
      }
      if (value != JsonToken.START_ARRAY) {
        throw new UserError(json + ": \"" + list + "\" is no list; expected COCO's JSON");
      }
      entry = 0;
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        switch (list) {
          case "images" -> image(parser);
          case "categories" -> category(parser);
          default -> annotation(parser);
        }
        entry++;
      }
    }
  }

  /**
   * The fields of an entry that are wanted; whatever it contains besides is skipped. Of a list or
   * an object only that it is one is kept; an entry that is no object has no fields.
   */
  private static Map<String, JsonNode> fields(JsonParser parser, List<String> wanted)
      throws IOException {
    Map<String, JsonNode> found = new HashMap<>();
    if (parser.currentToken() != JsonToken.START_OBJECT) {
      parser.skipChildren();
      return found;
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String field = parser.currentName();
      JsonToken value = parser.nextToken();
      if (!wanted.contains(field)) {
        parser.skipChildren();
      } else if (value.isScalarValue()) {
        found.put(field, JsonValues.MAPPER.readTree(parser));
      } else {
        parser.skipChildren();
        found.put(
            field,
            value == JsonToken.START_ARRAY
                ? JsonNodeFactory.instance.arrayNode()
                : JsonNodeFactory.instance.objectNode());
      }
    }
    return found;
  }

  private void image(JsonParser parser) throws IOException {
    Map<String, JsonNode> fields =
        fields(parser, List.of("id", "file_name", "coco_url", "width", "height"));
    String name = json + ": images[" + entry + "]";
    String file = file(fields);
    String id = JsonValues.id(fields.get("id"));
    try {
      if (id == null) {
        throw badField(name, fields, "id", "a whole number or a text");
      }
      if (file == null) {
        throw badField(name, fields, "file_name", "a text");
      }
      requireFileName(file, name);
      images.add(
          new Image(id, file, side(fields, "width", name), side(fields, "height", name), null));
    } catch (BrokenSampleException e) {
      // Its annotations stay its own: they are lost with it, not without an image.
      String known = id == null ? "images[" + entry + "]" : id;
      images.add(new Image(known, file == null ? name : file, 0, 0, e));
    }
  }

  private static BrokenSampleException badField(
      String name, Map<String, JsonNode> fields, String field, String allowed) {
    JsonNode value = fields.getOrDefault(field, MissingNode.getInstance());
    return AnnotationJson.badField(name, field, value, allowed);
  }

  /** Names with a NUL are no file's, and without a locale no name is that is not ASCII. */
  private static void requireFileName(String file, String name) {
    try {
      Objects.requireNonNull(Path.of(file));
    } catch (InvalidPathException e) {
      throw new BrokenSampleException(
          Kind.BAD_ANNOTATION,
          name
              + ": \"file_name\" is no file's name here ("
              + e.getReason()
              + "); names that are not ASCII need a locale of UTF-8, such as LC_ALL=C.UTF-8",
          e);
    }
  }

  /** LVIS names its images by address alone: folder and name are its last two elements. */
  private static String file(Map<String, JsonNode> fields) {
    JsonNode file = fields.get("file_name");
    JsonNode address = fields.get("coco_url");
    if ((file == null || !file.isTextual()) && address != null && address.isTextual()) {
      String url = address.textValue();
      int name = url.lastIndexOf('/');
      return url.substring(url.lastIndexOf('/', name - 1) + 1);
    }
    return file == null ? null : file.textValue();
  }

  private static int side(Map<String, JsonNode> fields, String side, String name) {
    JsonNode value = fields.get(side);
    if (JsonValues.absent(value)) {
      return 0;
    }
    Long pixels = JsonValues.whole(value);
    if (pixels == null || pixels < 1 || pixels > Integer.MAX_VALUE) {
      throw badField(name, fields, side, "a whole number from 1 on");
    }
    return pixels.intValue();
  }

  /** No task reads a category; one that cannot be used has no annotations of its name. */
  private void category(JsonParser parser) throws IOException {
    Map<String, JsonNode> fields = fields(parser, List.of("id", "name"));
    String id = JsonValues.id(fields.get("id"));
    JsonNode name = fields.get("name");
    if (id == null) {
      LOG.warn(
          "{}: categories[{}] is passed over: \"id\" is {}, allowed: a whole number or a text",
          json,
          entry,
          JsonValues.shown(fields.get("id")));
      return;
    }
    boolean named = name != null && name.isValueNode() && !name.isNull();
    categories.add(new Category(id, named ? name.asText() : "category " + id));
  }

  private void annotation(JsonParser parser) throws IOException {
    long start = parser.currentTokenLocation().getByteOffset();
    Map<String, JsonNode> fields = fields(parser, List.of("image_id"));
    String owner = JsonValues.id(fields.get("image_id"));
    long length = parser.currentLocation().getByteOffset() - start;
    if (start < 0) {
      throw new UserError(json + ": not UTF-8 text; write it as UTF-8");
    }
    if (length > Integer.MAX_VALUE) {
      throw new UserError(json + ": an annotation of " + length + " bytes");
    }
    if (owner == null) {
      homeless(entry, "\"image_id\" is " + JsonValues.shown(fields.get("image_id")));
      return;
    }
    if (annotations == owners.length) {
      owners = Arrays.copyOf(owners, 2 * annotations);
      numbers = Arrays.copyOf(numbers, 2 * annotations);
      offsets = Arrays.copyOf(offsets, 2 * annotations);
      lengths = Arrays.copyOf(lengths, 2 * annotations);
    }
    owners[annotations] = ids.computeIfAbsent(owner, id -> ids.size());
    numbers[annotations] = entry;
    offsets[annotations] = start;
    lengths[annotations++] = (int) length;
  }

  private void homeless(int number, String why) {
    if (homeless++ < HOMELESS_NAMED) {
      firstHomeless.add("annotations[" + number + "]: " + why);
    }
  }

  /** Brings the annotations of an image together, by counting. */
  private void order() {
    int[] imageOf = new int[ids.size()];
    Arrays.fill(imageOf, -1);
    Set<String> met = new HashSet<>();
    for (int i = 0; i < images.size(); i++) {
      String id = images.get(i).id();
      if (!met.add(id)) {
        throw new UserError(json + ": image id " + id + " is there twice");
      }
      if (ids.containsKey(id)) {
        imageOf[ids.get(id)] = i;
      }
    }
    ids = null;
    first = new int[images.size() + 1];
    for (int i = 0; i < annotations; i++) {
      owners[i] = imageOf[owners[i]];
      if (owners[i] < 0) {
        homeless(numbers[i], "no image has its \"image_id\"");
      } else {
        first[owners[i] + 1]++;
      }
    }
    for (int i = 0; i < images.size(); i++) {
      first[i + 1] += first[i];
    }
    int[] next = Arrays.copyOf(first, images.size());
    int kept = first[images.size()];
    int[] orderedNumbers = new int[kept];
    long[] orderedOffsets = new long[kept];
    int[] orderedLengths = new int[kept];
    for (int i = 0; i < annotations; i++) {
      if (owners[i] >= 0) {
        int at = next[owners[i]]++;
        orderedNumbers[at] = numbers[i];
        orderedOffsets[at] = offsets[i];
        orderedLengths[at] = lengths[i];
      }
    }
    owners = null;
    numbers = orderedNumbers;
    offsets = orderedOffsets;
    lengths = orderedLengths;
    if (homeless > 0 && kept == 0) {
      throw new UserError(
          "%s: none of its %d annotations belongs to one of its images, of which the first has the id"
                  .formatted(json, homeless)
              + " %s; %s".formatted(images.get(0).id(), firstHomeless.get(0)));
    }
  }
}
