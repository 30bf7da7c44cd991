package org.samclip.data.source;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.transform.ImageDecoder;
import org.samclip.data.transform.LabelMap;
import org.samclip.data.transform.RgbImage;

/**
 * Semantic segmentation data: {@code images/NAME.jpg|jpeg|png}, {@code labels/NAME.png} (8-bit grey
 * or palette index: the class, or {@value #IGNORE} for pixels that do not count), {@code
 * classes.txt} (one name a line, the first is class 0).
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

  private record Entry(Path image, Path labels) {}

  private final Path root;
  private final DataLimits limits;
  private final List<String> classes;
  private final List<Entry> entries = new ArrayList<>();

  /**
   * @param root the folder with {@code images}, {@code labels} and {@code classes.txt}
   * @param limits what one image may cost
   * @throws UserError if something is missing
   */
  public LabelMapFolder(Path root, DataLimits limits) {
    this.root = root;
    this.limits = limits;
    String layout = "expected images/NAME.jpg, labels/NAME.png and classes.txt";
    EvaluationFiles.requireFolder(root, layout);
    EvaluationFiles.requireFolder(root.resolve("images"), layout);
    EvaluationFiles.requireFolder(root.resolve("labels"), layout);
    classes = EvaluationFiles.lines(root.resolve("classes.txt"), "expected one class name a line");
    if (classes.isEmpty() || classes.size() > IGNORE) {
      throw new UserError(
          root.resolve("classes.txt") + ": " + classes.size() + " classes, allowed: 1.." + IGNORE);
    }
    for (Path image : EvaluationFiles.images(root.resolve("images"))) {
      Path labels = root.resolve("labels").resolve(EvaluationFiles.stem(image) + ".png");
      if (!Files.isRegularFile(labels)) {
        throw new UserError(labels + ": no such file; every image needs its label map");
      }
      entries.add(new Entry(image, labels));
    }
    if (entries.isEmpty()) {
      throw new UserError(root.resolve("images") + ": no image; " + layout);
    }
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
    Entry entry = entries.get(index);
    RgbImage image = EvaluationFiles.image(entry.image(), limits);
    LabelMap labels =
        ImageDecoder.decodeLabels(
            EvaluationFiles.bytes(entry.labels(), limits),
            entry.labels().toString(),
            limits.maxPixels());
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
    return new Item(EvaluationFiles.stem(entry.image()), image, labels);
  }
}
