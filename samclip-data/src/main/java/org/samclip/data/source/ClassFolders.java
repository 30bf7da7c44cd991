package org.samclip.data.source;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samclip.UserError;
import org.samclip.data.source.LeftOut.Rule;
import org.samclip.data.transform.RgbImage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Classification data as one folder of images for each class: {@code ROOT/CLASS/*.jpg|jpeg|png},
 * classes in the order of their folders' names. A file {@code ROOT/classes.txt} of lines {@code
 * FOLDER<tab>NAME} gives the classes readable names.
 */
public final class ClassFolders implements EvaluationSet<ClassFolders.Item> {

  /**
   * An image and its class.
   *
   * @param key folder and file name
   * @param image decoded image
   * @param label index of the class
   */
  public record Item(String key, RgbImage image, int label) {}

  private record Entry(Path file, int label) {}

  private static final Logger LOG = LoggerFactory.getLogger(ClassFolders.class);
  private static final String CLASSES = "classes.txt";

  private final Path root;
  private final DataLimits limits;
  private final List<String> classes = new ArrayList<>();
  private final List<Entry> entries = new ArrayList<>();
  private final LeftOut leftOut = new LeftOut();

  /**
   * @param root the folder of class folders
   * @param limits what one image may cost
   * @throws UserError if there is no such folder, no class or a class without images
   */
  public ClassFolders(Path root, DataLimits limits) {
    this.root = root;
    this.limits = limits;
    EvaluationFiles.requireFolder(root, "expected one folder of images for each class");
    Map<String, String> names = names(root.resolve(CLASSES));
    Set<String> folders = new HashSet<>();
    for (Path folder : FilePatterns.list(root, leftOut)) {
      String folderName = folder.getFileName().toString();
      if (!Files.isDirectory(folder)) {
        if (!folderName.equals(CLASSES)) {
          leftOut.add(Rule.NO_CLASS, folderName);
        }
        continue;
      }
      List<Path> images = images(folder);
      if (images.isEmpty()) {
        throw new UserError(
            FilePatterns.found(folder)
                + ": no image directly in this class folder, allowed: "
                + ImageFields.EXTENSIONS
                + "; remove it or fill it");
      }
      folders.add(folderName);
      images.forEach(image -> entries.add(new Entry(image, classes.size())));
      classes.add(names.getOrDefault(folderName, folderName.replace('_', ' ')));
    }
    if (classes.isEmpty()) {
      throw new UserError(
          FilePatterns.found(root) + ": no class folders; expected ROOT/CLASS/*.jpg");
    }
    names.keySet().removeAll(folders);
    names.keySet().stream().sorted().forEach(name -> leftOut.add(Rule.NO_FOLDER, name));
    leftOut.entries().forEach(entry -> LOG.warn("{}: left out {}", root, entry));
  }

  /** The images directly in a class folder; whatever else is there is counted. */
  private List<Path> images(Path folder) {
    List<Path> images = new ArrayList<>();
    for (Path inner : FilePatterns.folders(folder, leftOut)) {
      for (Path file : FilePatterns.list(inner)) {
        boolean direct = inner.equals(folder);
        if (direct && ImageFields.isImage(file)) {
          images.add(file);
        } else if (!Files.isDirectory(file)) {
          leftOut.add(direct ? Rule.OTHER_FILE : Rule.NESTED, root.relativize(file).toString());
        } else if (Files.isSymbolicLink(file)) {
          leftOut.add(Rule.LINKED_FOLDER, root.relativize(file).toString());
        }
      }
    }
    return images;
  }

  /** What is in the folder and belongs to no class. */
  public LeftOut leftOut() {
    return leftOut;
  }

  private static Map<String, String> names(Path file) {
    Map<String, String> names = new HashMap<>();
    if (Files.exists(file)) {
      for (String line : EvaluationFiles.lines(file, "")) {
        String[] columns = line.split("\t", 2);
        if (columns.length != 2) {
          throw new UserError(
              file + ": line \"" + line + "\", expected the folder, a tab, and the class name");
        }
        String folder = columns[0].strip();
        String name = columns[1].strip();
        String other = names.putIfAbsent(folder, name);
        if (other != null && !other.equals(name)) {
          throw new UserError(
              file + ": folder " + folder + " has two names, " + other + " and " + name);
        }
      }
    }
    return names;
  }

  @Override
  public String name() {
    return root.getFileName().toString();
  }

  @Override
  public List<String> classes() {
    return List.copyOf(classes);
  }

  @Override
  public int size() {
    return entries.size();
  }

  @Override
  public Item get(int index) {
    Entry entry = entries.get(index);
    return new Item(
        root.relativize(entry.file()).toString(),
        EvaluationFiles.image(entry.file(), limits),
        entry.label());
  }
}
