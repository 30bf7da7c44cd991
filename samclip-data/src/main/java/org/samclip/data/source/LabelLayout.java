package org.samclip.data.source;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samclip.NearestName;
import org.samclip.UserError;
import org.samclip.data.transform.LabelMap;

/**
 * How a label-map data set lies in its folder, and what its numbers mean.
 *
 * @param images folder of images
 * @param labels folder of label maps
 * @param suffix what follows an image's name in that of its map; the extension at least
 * @param names file that lists the images to use, one a line without extension; null for all
 * @param ignore number of pixels that do not count
 * @param reduceZeroLabel whether 0 does not count either and the classes begin at 1, as in ADE20k
 */
record LabelLayout(
    Path images, Path labels, String suffix, Path names, int ignore, boolean reduceZeroLabel) {

  static final Set<String> SETTINGS =
      Set.of("images", "labels", "suffix", "names", "ignore", "reduce_zero_label");

  /** An image and its map. */
  record Pair(String key, Path image, Path labels) {}

  /**
   * @param root of the data set
   * @param settings by name; paths start from the root
   * @param where what messages call the settings
   */
  static LabelLayout of(Path root, Map<String, String> settings, String where) {
    for (String key : settings.keySet()) {
      if (!SETTINGS.contains(key)) {
        throw new UserError(
            where
                + ": unknown key '"
                + key
                + "', allowed: "
                + SETTINGS.stream().sorted().toList()
                + "."
                + NearestName.hint(key, SETTINGS));
      }
    }
    String names = settings.get("names");
    LabelLayout layout =
        new LabelLayout(
            root.resolve(settings.getOrDefault("images", "images")),
            root.resolve(settings.getOrDefault("labels", "labels")),
            settings.getOrDefault("suffix", ".png"),
            names == null ? null : root.resolve(names),
            ignore(settings.getOrDefault("ignore", "255"), where),
            flag(settings.getOrDefault("reduce_zero_label", "false"), where));
    String expected = "expected images/NAME.jpg and labels/NAME.png, or other names in " + where;
    EvaluationFiles.requireFolder(root, expected);
    EvaluationFiles.requireFolder(layout.images(), expected);
    EvaluationFiles.requireFolder(layout.labels(), expected);
    return layout;
  }

  private static int ignore(String value, String where) {
    if (!value.matches("\\d{1,3}") || Integer.parseInt(value) > 255) {
      throw new UserError(where + ": ignore is " + value + ", allowed: 0..255");
    }
    return Integer.parseInt(value);
  }

  private static boolean flag(String value, String where) {
    if (!value.equals("true") && !value.equals("false")) {
      throw new UserError(where + ": reduce_zero_label is " + value + ", allowed: true, false");
    }
    return value.equals("true");
  }

  /**
   * The images with their maps, sorted by name or as the list has them.
   *
   * @throws UserError if there is none, or one lacks its map
   */
  List<Pair> pairs() {
    Set<String> listed =
        names == null ? null : Set.copyOf(EvaluationFiles.lines(names, "a list of image names"));
    List<Pair> pairs = new ArrayList<>();
    for (Path image : EvaluationFiles.images(images)) {
      String key = EvaluationFiles.stem(image);
      if (listed != null && !listed.contains(key)) {
        continue;
      }
      Path map = labels.resolve(key + suffix);
      if (!Files.isRegularFile(map)) {
        throw new UserError(map + ": no such file; every image needs its label map");
      }
      pairs.add(new Pair(key, image, map));
    }
    if (pairs.isEmpty()) {
      throw new UserError(
          FilePatterns.found(images)
              + ": no image"
              + (names == null ? "" : " that is in " + names));
    }
    if (listed != null && pairs.size() < listed.size()) {
      throw new UserError(
          names + ": lists " + listed.size() + " images, but only " + pairs.size() + " are there");
    }
    return pairs;
  }

  /** The class of a stored number, or 255 where the pixel does not count. */
  int classOf(int stored) {
    if (stored == ignore || reduceZeroLabel && stored == 0) {
      return LabelMapFolder.IGNORE;
    }
    return reduceZeroLabel ? stored - 1 : stored;
  }

  /** Stored numbers as classes. */
  LabelMap classes(LabelMap stored) {
    if (ignore == LabelMapFolder.IGNORE && !reduceZeroLabel) {
      return stored;
    }
    byte[] labels = stored.labels().clone();
    for (int i = 0; i < labels.length; i++) {
      labels[i] = (byte) classOf(labels[i] & 0xFF);
    }
    return new LabelMap(stored.width(), stored.height(), labels);
  }
}
