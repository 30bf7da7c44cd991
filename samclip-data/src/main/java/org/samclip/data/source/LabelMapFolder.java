package org.samclip.data.source;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.samclip.UserError;
import org.samclip.data.transform.LabelMap;
import org.samclip.data.transform.RgbImage;
import org.samclip.data.transform.StoredLabels;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Semantic segmentation data: {@code images/NAME.jpg|jpeg|png|webp}, {@code labels/NAME.png} (grey
 * level or palette index: the class, or {@value #IGNORE} for pixels that do not count), {@code
 * classes.txt} (one name a line, the first is class 0). A file {@code layout.properties} in the
 * root, or options, name other folders and other meanings, so that VOC, ADE20k, COCO-Stuff,
 * Cityscapes and CamVid are read where they lie: {@code images}, {@code labels}, {@code
 * image_suffix}, {@code suffix}, {@code names}, {@code ignore}, {@code reduce_zero_label}, {@code
 * colours}.
 */
public final class LabelMapFolder implements EvaluationSet<LabelMapFolder.Item> {

  /** The label of pixels that do not count. */
  public static final int IGNORE = 255;

  /**
   * An image and its labels.
   *
   * @param key file name without extension
   * @param image decoded image
   * @param labels of the image's size; each a class or {@link #IGNORE}
   */
  public record Item(String key, RgbImage image, LabelMap labels) {}

  private static final Logger LOG = LoggerFactory.getLogger(LabelMapFolder.class);

  private final Path root;
  private final DataLimits limits;
  private final List<String> classes;
  private final LabelLayout layout;
  private final List<LabelLayout.Pair> entries;

  /**
   * @param root the folder with {@code images}, {@code labels} and {@code classes.txt}, or with
   *     {@code layout.properties}
   * @param limits what one image may cost
   * @throws UserError if something is missing
   */
  public LabelMapFolder(Path root, DataLimits limits) {
    this(root, Map.of(), limits);
  }

  /**
   * With options beside those of {@code layout.properties}, before which they come.
   *
   * @param root the folder with {@code classes.txt}
   * @param options by name, as in {@code layout.properties}
   * @param limits what one image may cost
   * @throws UserError if something is missing
   */
  public LabelMapFolder(Path root, Map<String, String> options, DataLimits limits) {
    this.root = root;
    this.limits = limits;
    layout = LabelLayout.of(root, options, "the options");
    classes = EvaluationFiles.lines(root.resolve("classes.txt"), "expected one class name a line");
    if (classes.isEmpty() || classes.size() > IGNORE) {
      throw new UserError(
          root.resolve("classes.txt") + ": " + classes.size() + " classes, allowed: 1.." + IGNORE);
    }
    LeftOut leftOut = new LeftOut();
    entries = layout.pairs(leftOut);
    leftOut.entries().forEach(entry -> LOG.warn("{}: left out {}", layout.images(), entry));
  }

  @Override
  public String name() {
    return root.getFileName().toString();
  }

  @Override
  public List<String> classes() {
    return classes;
  }

  @Override
  public int size() {
    return entries.size();
  }

  @Override
  public Item get(int index) {
    LabelLayout.Pair entry = entries.get(index);
    RgbImage image = EvaluationFiles.image(entry.image(), limits);
    String name = entry.labels().toString();
    StoredLabels stored =
        layout.read(EvaluationFiles.bytes(entry.labels(), limits), name, image, limits);
    return new Item(entry.key(), image, layout.classes(stored, classes.size(), name));
  }
}
