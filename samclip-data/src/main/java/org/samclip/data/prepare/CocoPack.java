package org.samclip.data.prepare;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.replay.KeyHash;
import org.samclip.data.source.CocoInstances;
import org.samclip.data.source.DataLimits;

/**
 * COCO instances, to become shards in SA-1B's form: {@code sa_ID.jpg} and {@code sa_ID.json}.
 * Crowds and empty masks are left out, and an image that has no other is broken. The order is that
 * of hashes.
 */
public final class CocoPack implements PackSource {

  private record Image(CocoInstances coco, int index, Path folder, DataLimits limits)
      implements Item {

    @Override
    public String place() {
      return coco.name();
    }

    @Override
    public String key() {
      return "image " + (index + 1) + " by id";
    }

    @Override
    public Map<String, byte[]> read() {
      CocoInstances.Item item = coco.get(index);
      List<RunLengthMask> masks =
          item.instances().stream()
              .filter(instance -> !instance.crowd() && instance.mask().area() > 0)
              .map(CocoInstances.Instance::mask)
              .toList();
      if (masks.isEmpty()) {
        throw new BrokenSampleException(
            Kind.MISSING_FIELD, item.key() + ": no mask beside crowds and empty ones");
      }
      byte[] bytes = ImageFolderPack.content(folder.resolve(item.key()), limits);
      String ending = item.key().substring(item.key().lastIndexOf('.') + 1);
      String file = "sa_" + item.id() + "." + ending.toLowerCase(Locale.ROOT);
      Map<String, byte[]> files = new LinkedHashMap<>();
      files.put(file, bytes);
      files.put(
          "sa_" + item.id() + ".json",
          Sa1bJson.write(item.id(), file, item.image().width(), item.image().height(), masks));
      return files;
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
      images.add(new Image(coco, i, folder, limits));
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
