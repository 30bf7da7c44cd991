package org.samclip.data.source;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.samclip.UserError;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.transform.RgbImage;

/**
 * Instance segmentation data in COCO's or LVIS's JSON: {@code images}, {@code categories}, {@code
 * annotations} with polygons, run lengths or compressed strings. The file is read as a stream;
 * annotations stay on disk until their image is asked for.
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

  /** Nothing here is compressed or remote. */
  private static final ShardStore STORE = new ShardStore();

  private final Path json;
  private final Path folder;
  private final DataLimits limits;
  private final CocoIndex index;
  private final List<String> classes;
  private final Map<Long, Integer> labels = new HashMap<>();

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
    index = new CocoIndex(json);
    EvaluationFiles.requireFolder(folder, "expected the images of " + json);
    if (index.categories().isEmpty()) {
      throw new UserError(json + ": 0 categories, at least 1 needed");
    }
    index.images().forEach(image -> CocoSource.file(json, folder, image));
    index.categories().keySet().forEach(id -> labels.put(id, labels.size()));
    classes = List.copyOf(index.categories().values());
  }

  private long number(JsonNode node, String field) {
    if (!node.path(field).isIntegralNumber()) {
      throw AnnotationJson.bad(
          json + ": an entry of annotations has no whole number \"" + field + "\"");
    }
    return node.get(field).longValue();
  }

  @Override
  public String name() {
    return EvaluationFiles.stem(json);
  }

  @Override
  public List<String> classes() {
    return classes;
  }

  @Override
  public int size() {
    return index.images().size();
  }

  @Override
  public Item get(int item) {
    CocoIndex.Image entry = index.images().get(item);
    RgbImage image = EvaluationFiles.image(CocoSource.file(json, folder, entry), limits);
    CocoSource.checkSize(image, entry.file(), entry.width(), entry.height());
    SampleRef texts =
        new SampleRef(
            new Shard(json.getFileName().toString(), json),
            entry.file(),
            index.annotations(item),
            null);
    Map<String, byte[]> annotations = MemberReader.read(texts, limits, STORE).fields();
    List<Instance> instances = new ArrayList<>();
    for (int i = 0; i < annotations.size(); i++) {
      instances.add(instance(annotations.get("annotation." + i), image));
    }
    return new Item(entry.id(), entry.file(), image, List.copyOf(instances));
  }

  private Instance instance(byte[] annotation, RgbImage image) {
    JsonNode node = AnnotationJson.parse(annotation, json + ", annotations");
    long id = number(node, "id");
    String name = json + ", annotation " + id;
    long category = number(node, "category_id");
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
