package org.samclip.data.source;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.transform.ImageDecoder;
import org.samclip.data.transform.LabelMap;
import org.samclip.data.transform.RgbImage;

/**
 * Semantic segmentation data: {@code images/NAME.jpg|jpeg|png|webp}, {@code labels/NAME.png} (8-bit
 * grey or palette index: the class, or {@value #IGNORE} for pixels that do not count), {@code
 * classes.txt} (one name a line, the first is class 0). A file {@code layout.properties} in the
 * root names other folders and other meanings, so that VOC, ADE20k and COCO-Stuff are read where
 * they lie: {@code images}, {@code labels}, {@code suffix}, {@code names}, {@code ignore}, {@code
 * reduce_zero_label}.
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
    this.root = root;
    this.limits = limits;
    Path file = root.resolve("layout.properties");
    layout = LabelLayout.of(root, settings(file), file.toString());
    classes = EvaluationFiles.lines(root.resolve("classes.txt"), "expected one class name a line");
    if (classes.isEmpty() || classes.size() > IGNORE) {
      throw new UserError(
          root.resolve("classes.txt") + ": " + classes.size() + " classes, allowed: 1.." + IGNORE);
    }
    entries = layout.pairs();
  }

  private static Map<String, String> settings(Path file) {
    Map<String, String> settings = new HashMap<>();
    if (Files.exists(file)) {
      for (String line : EvaluationFiles.lines(file, "")) {
        String[] parts = line.split("=", 2);
        if (parts.length != 2) {
          throw new UserError(file + ": line \"" + line + "\", expected NAME = VALUE");
        }
        settings.put(parts[0].strip(), parts[1].strip());
      }
    }
    return settings;
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
    LabelMap stored =
        ImageDecoder.decodeLabels(
            EvaluationFiles.bytes(entry.labels(), limits),
            entry.labels().toString(),
            limits.maxPixels());
    LabelMap labels = layout.classes(stored);
    if (labels.width() != image.width() || labels.height() != image.height()) {
      throw new BrokenSampleException(
          Kind.BAD_MASK,
          entry.labels()
              + ": "
              + labels.width()
              + " x "
              + labels.height()
              + ", but the image has "
              + image.width()
              + " x "
              + image.height());
    }
    for (byte label : labels.labels()) {
      int value = label & 0xFF;
      if (value >= classes.size() && value != IGNORE) {
        throw new BrokenSampleException(
            Kind.BAD_MASK,
            entry.labels()
                + ": label "
                + value
                + ", allowed: 0.."
                + (classes.size() - 1)
                + " (classes.txt) and "
                + IGNORE);
      }
    }
    return new Item(entry.key(), image, labels);
  }
}
