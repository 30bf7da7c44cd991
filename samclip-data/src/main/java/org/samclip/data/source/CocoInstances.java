package org.samclip.data.source;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.transform.RgbImage;

/**
 * Instance segmentation data in COCO's JSON (also LVIS-like subsets of it): {@code images}, {@code
 * categories}, {@code annotations} with polygons, run lengths or compressed strings. The file is
 * read as a stream; annotations stay as text until their image is asked for.
 */
public final class CocoInstances implements EvaluationSet<CocoInstances.Item> {

  /**
   * One object.
   *
   * @param id of the annotation
   * @param label index of the category in {@link #classes()}
   * @param categoryId the file's own number of the category
   * @param box x, y, width, height in pixels, as the file states it; else around the mask
   * @param area in pixels, as the file states it; else that of the mask
   * @param crowd whether this stands for several objects that are not told apart
   * @param mask of the image's size
   */
  public record Instance(
      long id,
      int label,
      long categoryId,
      List<Double> box,
      double area,
      boolean crowd,
      RunLengthMask mask) {}

  /**
   * An image and its objects.
   *
   * @param id of the image in the file
   * @param key file name
   * @param image decoded image
   * @param instances in the file's order; may be empty
   */
  public record Item(long id, String key, RgbImage image, List<Instance> instances) {}

  private record ImageEntry(long id, String file, int width, int height) {}

  private final Path json;
  private final Path folder;
  private final DataLimits limits;
  private final List<ImageEntry> images = new ArrayList<>();
  private final TreeMap<Long, String> categories = new TreeMap<>();
  private final Map<Long, Integer> labels = new HashMap<>();
  private final Map<Long, List<byte[]>> annotations = new HashMap<>();

  /**
   * @param json the annotation file
   * @param folder the images' folder
   * @param limits what one image may cost
   * @throws UserError if a path is missing or the file is not COCO's JSON
   */
  public CocoInstances(Path json, Path folder, DataLimits limits) {
    this.json = json;
    this.folder = folder;
    this.limits = limits;
    if (!Files.isRegularFile(json)) {
      throw new UserError(json + ": no such file; expected COCO instances JSON");
    }
    EvaluationFiles.requireFolder(folder, "expected the images of " + json);
    try (JsonParser parser = new JsonFactory().createParser(json.toFile())) {
      parser.setCodec(AnnotationJson.MAPPER);
      read(parser);
    } catch (IOException e) {
      throw new UserError(
          json + ": not readable as JSON (" + e.getMessage().lines().findFirst().orElse("") + ")",
          e);
    }
    if (images.isEmpty() || categories.isEmpty()) {
      throw new UserError(
          json
              + ": "
              + images.size()
              + " images, "
              + categories.size()
              + " categories; at least 1");
    }
    images.sort(Comparator.comparingLong(ImageEntry::id));
    categories.keySet().forEach(id -> labels.put(id, labels.size()));
  }

  private void read(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw new UserError(json + ": not a JSON object; expected COCO instances JSON");
    }
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String field = parser.currentName();
      boolean list = parser.nextToken() == JsonToken.START_ARRAY;
      if (!list || !List.of("images", "categories", "annotations").contains(field)) {
        parser.skipChildren();
        continue;
      }
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        JsonNode node = parser.readValueAsTree();
        switch (field) {
          case "images" -> images.add(image(node));
          case "categories" ->
              categories.put(number(node, "id", "categories"), text(node, "name", "categories"));
          default ->
              annotations
                  .computeIfAbsent(number(node, "image_id", "annotations"), id -> new ArrayList<>())
                  .add(AnnotationJson.MAPPER.writeValueAsBytes(node));
        }
      }
    }
  }

  private ImageEntry image(JsonNode node) {
    String file = text(node, "file_name", "images");
    if (!folder.resolve(file).normalize().startsWith(folder.normalize())) {
      throw new UserError(json + ": image file_name \"" + file + "\" leaves " + folder);
    }
    return new ImageEntry(
        number(node, "id", "images"),
        file,
        (int) number(node, "width", "images"),
        (int) number(node, "height", "images"));
  }

  private long number(JsonNode node, String field, String list) {
    if (!node.path(field).isIntegralNumber()) {
      throw new UserError(
          json + ": an entry of " + list + " has no whole number \"" + field + "\"");
    }
    return node.get(field).longValue();
  }

  private String text(JsonNode node, String field, String list) {
    if (!node.path(field).isTextual()) {
      throw new UserError(json + ": an entry of " + list + " has no text \"" + field + "\"");
    }
    return node.get(field).textValue();
  }

  @Override
  public String name() {
    return EvaluationFiles.stem(json);
  }

  @Override
  public List<String> classes() {
    return List.copyOf(categories.values());
  }

  @Override
  public int size() {
    return images.size();
  }

  @Override
  public Item get(int index) {
    ImageEntry entry = images.get(index);
    RgbImage image = EvaluationFiles.image(folder.resolve(entry.file()), limits);
    if (image.width() != entry.width() || image.height() != entry.height()) {
      throw new BrokenSampleException(
          Kind.BAD_ANNOTATION,
          entry.file()
              + ": "
              + image.width()
              + " x "
              + image.height()
              + " pixels, but "
              + json
              + " says "
              + entry.width()
              + " x "
              + entry.height());
    }
    List<Instance> instances = new ArrayList<>();
    for (byte[] annotation : annotations.getOrDefault(entry.id(), List.of())) {
      instances.add(instance(annotation, image));
    }
    return new Item(entry.id(), entry.file(), image, List.copyOf(instances));
  }

  private Instance instance(byte[] annotation, RgbImage image) {
    JsonNode node = AnnotationJson.parse(annotation, json + ", annotations");
    long id = number(node, "id", "annotations");
    String name = json + ", annotation " + id;
    long category = number(node, "category_id", "annotations");
    Integer label = labels.get(category);
    if (label == null) {
      throw AnnotationJson.bad(name + ": category_id " + category + " is not in categories");
    }
    RunLengthMask mask =
        AnnotationJson.mask(node.path("segmentation"), image.height(), image.width(), name);
    return new Instance(
        id,
        label,
        category,
        box(node.path("bbox"), mask),
        node.path("area").isNumber() ? node.get("area").doubleValue() : mask.area(),
        node.path("iscrowd").asInt(0) == 1,
        mask);
  }

  private static List<Double> box(JsonNode node, RunLengthMask mask) {
    List<Double> box = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      box.add(node.size() == 4 ? node.get(i).doubleValue() : mask.boundingBox()[i]);
    }
    return List.copyOf(box);
  }
}
