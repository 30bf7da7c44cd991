package org.samclip.data.source;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.samclip.NearestName;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.source.LeftOut.Rule;
import org.samclip.data.transform.ImageDecoder;
import org.samclip.data.transform.LabelMap;
import org.samclip.data.transform.RgbImage;
import org.samclip.data.transform.StoredLabels;

/**
 * How a label-map data set lies in its folder, and what its numbers mean.
 *
 * @param images folder of images, at any depth
 * @param labels folder of label maps, at the same depth
 * @param imageSuffix what follows an image's name; empty: any ending of an image
 * @param suffix what follows an image's name in that of its map; the extension at least
 * @param names file that lists the images to use, one a line without suffix; null for all
 * @param ignore number of pixels that do not count
 * @param reduceZeroLabel whether 0 does not count either and the classes begin at 1, as in ADE20k
 * @param colours numbers of the colours of painted maps; null: the maps hold numbers
 */
record LabelLayout(
    Path images,
    Path labels,
    String imageSuffix,
    String suffix,
    Path names,
    int ignore,
    boolean reduceZeroLabel,
    ColourTable colours) {

  static final Set<String> SETTINGS =
      Set.of(
          "images",
          "labels",
          "image_suffix",
          "suffix",
          "names",
          "ignore",
          "reduce_zero_label",
          "colours");

  /** Folders in folders; a link that leads back ends here. */
  private static final int DEPTH = 16;

  /** An image and its map. */
  record Pair(String key, Path image, Path labels) {}

  /**
   * Takes the settings from {@code layout.properties} in the root and from the options, which come
   * first.
   *
   * @param root of the data set
   * @param options by name; paths start from the root
   * @param where what messages call the options
   */
  static LabelLayout of(Path root, Map<String, String> options, String where) {
    String expected = "expected images/NAME.jpg and labels/NAME.png, or other names in " + where;
    EvaluationFiles.requireFolder(root, expected);
    Path file = root.resolve("layout.properties");
    Map<String, String> settings = file(file);
    requireKnown(settings, file.toString());
    requireKnown(options, where);
    if (!settings.isEmpty()) {
      where = where + " or " + file;
    }
    settings.putAll(options);
    String names = settings.get("names");
    String colours = settings.get("colours");
    LabelLayout layout =
        new LabelLayout(
            root.resolve(settings.getOrDefault("images", "images")),
            root.resolve(settings.getOrDefault("labels", "labels")),
            settings.getOrDefault("image_suffix", ""),
            settings.getOrDefault("suffix", ".png"),
            names == null ? null : root.resolve(names),
            ignore(settings.getOrDefault("ignore", "255"), where),
            flag(settings.getOrDefault("reduce_zero_label", "false"), where),
            colours == null ? null : new ColourTable(root.resolve(colours)));
    EvaluationFiles.requireFolder(layout.images(), expected);
    EvaluationFiles.requireFolder(layout.labels(), expected);
    return layout;
  }

  private static Map<String, String> file(Path file) {
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

  private static void requireKnown(Map<String, String> settings, String where) {
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
  }

  private static int ignore(String value, String where) {
    if (!value.matches("\\d{1,5}") || Integer.parseInt(value) > 65_535) {
      throw new UserError(where + ": ignore is " + value + ", allowed: 0..65535");
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
   * The images with their maps, sorted by name. Images that the list of names does not have are not
   * wanted, and so are not counted.
   *
   * @param leftOut counts what else is among the images
   * @throws UserError if there is none, or one lacks its map
   */
  List<Pair> pairs(LeftOut leftOut) {
    Set<String> listed =
        names == null ? null : Set.copyOf(EvaluationFiles.lines(names, "a list of image names"));
    List<Pair> pairs = new ArrayList<>();
    addPairs("", listed, pairs, leftOut);
    if (pairs.isEmpty()) {
      throw new UserError(
          FilePatterns.found(images)
              + ": no image"
              + (imageSuffix.isEmpty() ? "" : " whose name ends with " + imageSuffix)
              + (names == null ? "" : " that is in " + names + missing(listed, pairs)));
    }
    if (listed != null && pairs.size() < listed.size()) {
      throw new UserError(
          names
              + ": lists "
              + listed.size()
              + " images, but only "
              + pairs.size()
              + " are there"
              + missing(listed, pairs));
    }
    return pairs;
  }

  private static String missing(Set<String> listed, List<Pair> pairs) {
    Set<String> keys = pairs.stream().map(Pair::key).collect(Collectors.toSet());
    return listed.stream()
        .filter(name -> !keys.contains(name))
        .min(Comparator.naturalOrder())
        .map(name -> "; its name " + name + " is no image's without suffix and ending")
        .orElse("");
  }

  private void addPairs(String folder, Set<String> listed, List<Pair> pairs, LeftOut leftOut) {
    List<Path> found = FilePatterns.list(images.resolve(folder), leftOut);
    for (Path image : found) {
      String name = image.getFileName().toString();
      if (Files.isDirectory(image)) {
        continue;
      }
      if (!ImageFields.isImage(image) || !name.endsWith(imageSuffix)) {
        leftOut.add(
            ImageFields.isImage(image) ? Rule.OTHER_SUFFIX : Rule.OTHER_FILE, folder + name);
        continue;
      }
      int end = name.length() - imageSuffix.length();
      String stem = imageSuffix.isEmpty() ? EvaluationFiles.stem(image) : name.substring(0, end);
      String key = folder + stem;
      if (listed != null && !listed.contains(key)) {
        continue;
      }
      Path map = labels.resolve(key + suffix);
      if (!Files.isRegularFile(map)) {
        throw new UserError(map + ": no such file; every image needs its label map");
      }
      pairs.add(new Pair(key, image, map));
    }
    for (Path inner : found) {
      if (Files.isDirectory(inner) && inner.getNameCount() <= images.getNameCount() + DEPTH) {
        addPairs(folder + inner.getFileName() + "/", listed, pairs, leftOut);
      }
    }
  }

  /**
   * Reads an image's map.
   *
   * @param bytes of its file
   * @param name what messages call it
   * @param image it belongs to
   * @param limits what it may cost
   * @return the numbers, of the image's size
   */
  StoredLabels read(byte[] bytes, String name, RgbImage image, DataLimits limits) {
    StoredLabels map =
        colours == null
            ? ImageDecoder.decodeLabels(bytes, name, limits.maxPixels())
            : colours.numbers(ImageDecoder.decode(bytes, name, limits.maxPixels()), name);
    if (map.width() != image.width() || map.height() != image.height()) {
      throw new BrokenSampleException(
          Kind.BAD_MASK,
          name
              + ": "
              + map.width()
              + " x "
              + map.height()
              + ", but the image has "
              + image.width()
              + " x "
              + image.height());
    }
    return map;
  }

  /** Whether pixels of a stored number count. */
  boolean counts(int stored) {
    return stored != ignore && !(reduceZeroLabel && stored == 0);
  }

  /**
   * Stored numbers as classes.
   *
   * @param stored the numbers
   * @param classCount how many classes there are, at most 255
   * @param name what messages call the map
   * @return each pixel's class, or {@link LabelMapFolder#IGNORE}
   * @throws BrokenSampleException if a number is no class
   */
  LabelMap classes(StoredLabels stored, int classCount, String name) {
    int first = reduceZeroLabel ? 1 : 0;
    char[] numbers = stored.numbers();
    byte[] labels = new byte[numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      int label = counts(numbers[i]) ? numbers[i] - first : LabelMapFolder.IGNORE;
      if (label >= classCount && counts(numbers[i])) {
        throw new BrokenSampleException(
            Kind.BAD_MASK,
            name
                + ": label "
                + (int) numbers[i]
                + ", allowed: "
                + first
                + ".."
                + (classCount - 1 + first)
                + " (classes.txt) and "
                + ignore);
      }
      labels[i] = (byte) label;
    }
    return new LabelMap(stored.width(), stored.height(), labels);
  }
}
