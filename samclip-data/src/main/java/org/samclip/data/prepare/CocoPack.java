package org.samclip.data.prepare;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.samclip.data.replay.KeyHash;
import org.samclip.data.source.CocoInstances;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.Sample;

/**
 * COCO instances, to become shards in SA-1B's form: {@code sa_ID.jpg} and {@code sa_ID.json}.
 * Crowds and bad annotations are left out, and so is an image that has no other. The order is that
 * of hashes.
 */
public final class CocoPack implements PackSource {

  private record Image(CocoInstances coco, int index, DataLimits limits) implements Item {

    @Override
    public String place() {
      return coco.name();
    }

    @Override
    public String key() {
      return "image " + (index + 1) + " by id";
    }

    @Override
    public Contents read() {
      Sample sample = coco.sample(index);
      Map<String, byte[]> files = new LinkedHashMap<>();
      if (!sample.masks().isEmpty()) {
        Path image = coco.file(index);
        String ending = image.getFileName().toString().replaceFirst(".*\\.", "");
        String key = "sa_" + plain(sample.key());
        String file = key + "." + ending.toLowerCase(Locale.ROOT);
        files.put(file, ImageFolderPack.content(image, limits));
        files.put(
            key + ".json",
            Sa1bJson.write(
                coco.id(index),
                file,
                sample.image().width(),
                sample.image().height(),
                sample.masks()));
      }
      return new Contents(files, sample.masks().size(), sample.bad());
    }

    /** An id that is a text could end the key with a dot, or leave the archive. */
    private static String plain(String id) {
      return URLEncoder.encode(id, StandardCharsets.UTF_8).replace(".", "%2E");
    }
  }

  private final CocoInstances coco;
  private final List<Item> images = new ArrayList<>();

  /**
   * @param json instances
   * @param folder of the images
   * @param seed of the order
   * @param limits what one image may cost
   * @throws org.samclip.UserError if a path is missing or the file is not COCO's
   */
  public CocoPack(Path json, Path folder, long seed, DataLimits limits) {
    coco = new CocoInstances(json, folder, limits);
    for (int i = 0; i < coco.size(); i++) {
      images.add(new Image(coco, i, limits));
    }
    String purpose = "pack/" + seed;
    images.sort(
        Comparator.comparingLong(
            image -> KeyHash.of(purpose, String.valueOf(((Image) image).index()))));
  }

  @Override
  public String name() {
    return coco.name();
  }

  @Override
  public String pattern() {
    return "sa_%06d.tar";
  }

  @Override
  public List<Item> part(int part) {
    return images;
  }
}
