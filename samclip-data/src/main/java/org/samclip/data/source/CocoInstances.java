package org.samclip.data.source;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.samclip.UserError;
import org.samclip.data.BadAnnotation;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.transform.RgbImage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Instance segmentation data in COCO's or LVIS's JSON: {@code images}, {@code categories}, {@code
 * annotations} with polygons, run lengths or compressed strings. The file is read as a stream;
 * annotations stay on disk until their image is asked for.
 */
public final class CocoInstances implements EvaluationSet<CocoInstances.Item> {

  /**
   * One object.
   *
   * @param id of the annotation; its place in the file's list where it has no number of 64 bits
   * @param label index of the category in {@link #classes()}; -1 if the file does not list it
   * @param categoryId the file's own number of the category; -1 if it is none
   * @param box x, y, width, height in pixels, as the file states it; around the mask where it
   *     states none, or one without a pixel of the image
   * @param area in pixels, as the file states it; else that of the mask
   * @param crowd whether this stands for several objects that are not told apart
   * @param mask of the image's size, not empty
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
   * @param id of the image in the file; its place from 1 where that is no number of 64 bits
   * @param key file name
   * @param image decoded image
   * @param instances in the file's order; may be empty
   * @param bad annotations that cannot be used
   */
  public record Item(
      long id, String key, RgbImage image, List<Instance> instances, List<BadAnnotation> bad) {

    /** Copies the lists. */
    public Item {
      instances = List.copyOf(instances);
      bad = List.copyOf(bad);
    }

    /**
     * An image whose annotations are all good.
     *
     * @param id of the image in the file
     * @param key file name
     * @param image decoded image
     * @param instances in the file's order
     */
    public Item(long id, String key, RgbImage image, List<Instance> instances) {
      this(id, key, image, instances, List.of());
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(CocoInstances.class);

  /** Nothing here is compressed or remote. */
  private static final ShardStore STORE = new ShardStore();

  private final Path json;
  private final Path folder;
  private final DataLimits limits;
  private final CocoIndex index;
  private final List<String> classes;
  private final Map<String, Integer> labels = new HashMap<>();
  private final AtomicBoolean boxReplaced = new AtomicBoolean();

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
    index.leftOut().entries().forEach(entry -> LOG.warn("{}: left out {}", json, entry));
    EvaluationFiles.requireFolder(folder, "expected the images of " + json);
    index.images().stream()
        .filter(image -> image.failure() == null)
        .forEach(image -> CocoSource.file(json, folder, image));
    index.categories().forEach(category -> labels.put(category.id(), labels.size()));
    classes = index.categories().stream().map(CocoIndex.Category::name).toList();
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

  /**
   * An image with the masks that training would see: boxes, areas and categories are not looked at,
   * crowds are left out.
   *
   * @param item from 0, under {@link #size()}
   * @return the sample; its key is the image's id
   */
  public Sample sample(int item) {
    CocoIndex.Image entry = index.images().get(item);
    RgbImage image = image(entry);
    List<RunLengthMask> masks = new ArrayList<>();
    List<BadAnnotation> bad = new ArrayList<>();
    for (CocoIndex.Text text : texts(item)) {
      String name = json + ", " + text.entry();
      JsonNode node = AnnotationJson.parse(text.json(), name);
      CocoSource.addMask(node, image, text.entry(), name, masks, bad);
    }
    return new Sample(entry.id(), image, null, masks, bad);
  }

  /**
   * The number of an image.
   *
   * @param item from 0, under {@link #size()}
   * @return the file's own; its place from 1 where that is no number of 64 bits
   */
  public long id(int item) {
    return number(index.images().get(item).id(), item + 1);
  }

  /**
   * Where an image's file is.
   *
   * @param item from 0, under {@link #size()}
   * @return its path
   */
  public Path file(int item) {
    return CocoSource.file(json, folder, index.images().get(item));
  }

  @Override
  public Item get(int item) {
    CocoIndex.Image entry = index.images().get(item);
    RgbImage image = image(entry);
    List<Instance> instances = new ArrayList<>();
    List<BadAnnotation> bad = new ArrayList<>();
    for (CocoIndex.Text text : texts(item)) {
      AnnotationJson.collect(text.entry(), bad, () -> instance(text, image), instances::add);
    }
    return new Item(id(item), entry.file(), image, instances, bad);
  }

  private RgbImage image(CocoIndex.Image entry) {
    if (entry.failure() != null) {
      throw entry.failure();
    }
    RgbImage image = EvaluationFiles.image(CocoSource.file(json, folder, entry), limits);
    CocoSource.checkSize(image, entry);
    return image;
  }

  private List<CocoIndex.Text> texts(int item) {
    SampleRef texts =
        new SampleRef(
            new Shard(json.getFileName().toString(), json),
            index.images().get(item).file(),
            index.annotations(item),
            null);
    return CocoIndex.texts(MemberReader.read(texts, limits, STORE));
  }

  private Instance instance(CocoIndex.Text text, RgbImage image) {
    String name = json + ", " + text.entry();
    JsonNode node = AnnotationJson.parse(text.json(), name);
    AnnotationJson.Region region = AnnotationJson.region(node, image.height(), image.width(), name);
    String category = id(node, "category_id", name);
    return new Instance(
        number(id(node, "id", name), text.number()),
        labels.getOrDefault(category, -1),
        number(category, -1),
        box(node.path("bbox"), region.mask(), name),
        area(node.path("area"), region.mask(), name),
        region.crowd(),
        region.mask());
  }

  private static String id(JsonNode annotation, String field, String name) {
    JsonNode value = annotation.path(field);
    String id = JsonValues.id(value);
    if (id == null && !JsonValues.absent(value)) {
      throw AnnotationJson.badField(name, field, value, "a whole number or a text");
    }
    return id;
  }

  /** An id as a number of 64 bits, or another one where it is none. */
  private static long number(String id, long other) {
    try {
      return id == null ? other : Long.parseLong(id);
    } catch (NumberFormatException e) {
      return other;
    }
  }

  /**
   * What the file states, unless that has no pixel of the image in it: no model can be shown it.
   */
  private List<Double> box(JsonNode node, RunLengthMask mask, String name) {
    if (JsonValues.absent(node) || node.isArray() && node.isEmpty()) {
      return box(mask);
    }
    List<Double> box = new ArrayList<>();
    if (node.isArray() && node.size() == 4) {
      node.forEach(side -> box.add(JsonValues.number(side)));
    }
    if (box.isEmpty() || box.stream().anyMatch(side -> side == null || !Double.isFinite(side))) {
      throw AnnotationJson.badField(name, "bbox", node, "[x, y, width, height] in pixels");
    }
    double width = Math.min(mask.width(), box.get(0) + box.get(2)) - Math.max(0, box.get(0));
    double height = Math.min(mask.height(), box.get(1) + box.get(3)) - Math.max(0, box.get(1));
    if (box.get(2) > 0 && box.get(3) > 0 && width > 0 && height > 0) {
      return List.copyOf(box);
    }
    if (!boxReplaced.getAndSet(true)) {
      LOG.warn(
          "{}: \"bbox\" {} holds no pixel of the image; the mask's own box takes its place, here and"
              + " in others like it",
          name,
          node);
    }
    return box(mask);
  }

  private static List<Double> box(RunLengthMask mask) {
    return Arrays.stream(mask.boundingBox()).boxed().toList();
  }

  /** No measure needs it exactly: what is no size at all is replaced by the mask's. */
  private static double area(JsonNode node, RunLengthMask mask, String name) {
    Double area = JsonValues.number(node);
    if (area == null && !JsonValues.absent(node)) {
      throw AnnotationJson.badField(name, "area", node, "a number of pixels");
    }
    return area == null || !Double.isFinite(area) || area < 0 ? mask.area() : area;
  }
}
