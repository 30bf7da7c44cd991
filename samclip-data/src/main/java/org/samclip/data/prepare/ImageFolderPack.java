package org.samclip.data.prepare;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.replay.KeyHash;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.HiddenFiles;
import org.samclip.data.source.LeftOut;
import org.samclip.data.source.LeftOut.Rule;
import org.samclip.data.source.MemberName;
import org.samclip.data.transform.ImageDecoder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The images of a folder and of the folders in it, with captions in {@code .txt} files of the same
 * name, to become WebDataset shards. The key is the path without its ending. The order is that of
 * the keys' hashes, so that classes that have folders of their own are mixed already in the shards.
 */
public final class ImageFolderPack implements PackSource {

  private static final Logger LOG = LoggerFactory.getLogger(ImageFolderPack.class);
  private static final Set<String> IMAGES = Set.of("jpg", "jpeg", "png", "webp");

  private record Image(String key, String ending, Path file, DataLimits limits) implements Item {

    @Override
    public String place() {
      return file.getParent().toString();
    }

    @Override
    public Contents read() {
      Map<String, byte[]> files = new LinkedHashMap<>();
      byte[] image = content(file, limits);
      ImageDecoder.decode(image, file.toString(), limits.maxPixels());
      files.put(key + "." + ending, image);
      String name = file.getFileName().toString();
      Path caption = file.resolveSibling(name.substring(0, name.lastIndexOf('.')) + ".txt");
      if (Files.isRegularFile(caption)) {
        files.put(key + ".txt", content(caption, limits));
      }
      return Contents.of(files);
    }
  }

  private final Path folder;
  private final List<Item> images = new ArrayList<>();

  /**
   * @param folder of images
   * @param seed of the order
   * @param limits what one image may cost
   * @throws UserError if there are no images, or two would have the same key
   */
  public ImageFolderPack(Path folder, long seed, DataLimits limits) {
    this.folder = folder;
    if (!Files.isDirectory(folder)) {
      throw new UserError(folder + ": no such folder; give a folder of images");
    }
    List<Image> found = found(limits);
    if (found.isEmpty()) {
      throw new UserError(folder + ": holds no image; looked for " + IMAGES);
    }
    String purpose = "pack/" + seed;
    found.sort(
        Comparator.comparingLong((Image image) -> KeyHash.of(purpose, image.key))
            .thenComparing(Image::key));
    images.addAll(found);
  }

  private List<Image> found(DataLimits limits) {
    Map<String, Path> keys = new HashMap<>();
    Map<String, Path> texts = new TreeMap<>();
    List<Image> found = new ArrayList<>();
    LeftOut leftOut = new LeftOut();
    for (Path file : files()) {
      String name = folder.relativize(file).toString().replace('\\', '/');
      String ending = ending(file);
      if (HiddenFiles.isHidden(name)) {
        leftOut.add(Rule.HIDDEN, name);
      } else if (ending.equals("txt")) {
        texts.put(name.substring(0, name.lastIndexOf('.')), file);
      } else if (!IMAGES.contains(ending)) {
        leftOut.add(Rule.OTHER_FILE, name);
      } else {
        String key = key(file);
        Path other = keys.put(key, file);
        if (other != null) {
          throw new UserError(
              other + " and " + file + " would both have the key " + key + "; rename one");
        }
        found.add(new Image(key, ending, file, limits));
      }
    }
    for (Image image : found) {
      String name = folder.relativize(image.file).toString().replace('\\', '/');
      texts.remove(name.substring(0, name.lastIndexOf('.')));
    }
    texts.keySet().forEach(name -> leftOut.add(Rule.OTHER_FILE, name + ".txt"));
    leftOut.entries().forEach(entry -> LOG.warn("{}: left out {}", folder, entry));
    return found;
  }

  private List<Path> files() {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    } catch (IOException | java.io.UncheckedIOException e) {
      throw new UserError(folder + ": cannot be listed (" + e + ")", e);
    }
  }

  private static String ending(Path file) {
    String name = file.getFileName().toString();
    return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }

  /** A dot would end the key, as WebDataset reads it. */
  private String key(Path file) {
    String path = folder.relativize(file).toString().replace('\\', '/');
    int name = path.lastIndexOf('/') + 1;
    String stem = path.substring(name, path.lastIndexOf('.'));
    String key = (path.substring(0, name) + stem.replace('.', '_')).replaceAll("\\p{Cntrl}", "_");
    return MemberName.text(key.getBytes(StandardCharsets.UTF_8));
  }

  static byte[] content(Path file, DataLimits limits) {
    try {
      if (Files.size(file) > limits.maxMemberBytes()) {
        throw new BrokenSampleException(
            Kind.MEMBER_LIMIT,
            file + ": " + Files.size(file) + " bytes, allowed: " + limits.maxMemberBytes());
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new BrokenSampleException(Kind.UNREADABLE, file + ": cannot be read (" + e + ")", e);
    }
  }

  @Override
  public String name() {
    return folder.toString();
  }

  @Override
  public String pattern() {
    return "shard-%05d.tar";
  }

  @Override
  public List<Item> part(int part) {
    return images;
  }
}
