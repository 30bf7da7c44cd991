package org.samclip.data.prepare;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.samclip.UserError;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.data.replay.Mixture;
import org.samclip.data.source.SampleRef;
import org.samclip.data.source.Shard;

/**
 * The selected samples of a source in their stored order: as a list of keys, or to be packed into
 * shards of their own, byte for byte as they are. Fields that the source does not read are left
 * out.
 */
public final class SubsetPack implements PackSource {

  private record Stored(Mixture.Part part, String before, SampleRef ref) implements Item {

    @Override
    public String place() {
      return ref.shard().name();
    }

    @Override
    public String key() {
      return ref.key();
    }

    @Override
    public Contents read() {
      Map<String, byte[]> files = new LinkedHashMap<>();
      new TreeMap<>(part.source().read(ref).fields())
          .forEach((field, bytes) -> files.put(before + ref.key() + "." + field, bytes));
      return Contents.of(files);
    }
  }

  private record Place(Mixture.Part part, Shard shard) {}

  private final Mixture mixture;
  private final List<Place> places = new ArrayList<>();

  /**
   * @param mixture whose samples; weights do not matter
   */
  public SubsetPack(Mixture mixture) {
    this.mixture = mixture;
    for (Mixture.Part part : mixture.parts()) {
      part.source().shards().forEach(shard -> places.add(new Place(part, shard)));
    }
  }

  @Override
  public String name() {
    return mixture.name();
  }

  @Override
  public String pattern() {
    return "shard-%05d.tar";
  }

  @Override
  public int parts() {
    return places.size();
  }

  @Override
  public List<Item> part(int at) {
    Place place = places.get(at);
    String before = mixture.parts().size() == 1 ? "" : place.part.label() + "/";
    List<Item> items = new ArrayList<>();
    for (SampleRef ref : place.part.source().list(place.shard)) {
      if (ref.isRest() || place.part.selection().contains(ref.key())) {
        items.add(new Stored(place.part, before, ref));
      }
    }
    return items;
  }

  /**
   * Writes a table of shard and key, separated by a tab.
   *
   * @param file the whole of which is replaced
   * @return how many keys
   * @throws UserError if it cannot be written
   */
  public long writeKeys(Path file) {
    long[] count = new long[1];
    AtomicFile.write(
        file,
        out -> {
          for (int i = 0; i < parts(); i++) {
            for (Item item : part(i)) {
              if (((Stored) item).ref.failure() == null) {
                String line = item.place() + "\t" + item.key() + "\n";
                out.write(line.getBytes(StandardCharsets.UTF_8));
                count[0]++;
              }
            }
          }
        });
    return count[0];
  }
}
