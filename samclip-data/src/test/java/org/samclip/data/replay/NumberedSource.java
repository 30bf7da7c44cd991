package org.samclip.data.replay;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.RawSample;
import org.samclip.data.source.Sample;
import org.samclip.data.source.SampleRef;
import org.samclip.data.source.SampleSource;
import org.samclip.data.source.Shard;
import org.samclip.data.transform.RgbImage;

/** Samples named SHARD/NUMBER that need no files; some are broken, shards may shrink. */
final class NumberedSource implements SampleSource {

  private static final RgbImage DOT = new RgbImage(1, 1, new byte[3]);

  private final String name;
  private final List<Shard> shards = new ArrayList<>();
  final int[] sizes;
  final Set<String> broken = ConcurrentHashMap.newKeySet();
  final Set<String> listed = ConcurrentHashMap.newKeySet();

  NumberedSource(String name, int... sizes) {
    this.name = name;
    this.sizes = sizes;
    for (int i = 0; i < sizes.length; i++) {
      shards.add(new Shard("s" + i, Path.of("s" + i)));
    }
  }

  /** All keys that are not broken. */
  List<String> keys() {
    List<String> keys = new ArrayList<>();
    for (Shard shard : shards) {
      list(shard).forEach(ref -> keys.add(ref.key()));
    }
    keys.removeAll(broken);
    return keys;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<Shard> shards() {
    return shards;
  }

  @Override
  public List<SampleRef> list(Shard shard) {
    listed.add(shard.name());
    List<SampleRef> refs = new ArrayList<>();
    for (int i = 0; i < sizes[shards.indexOf(shard)]; i++) {
      refs.add(new SampleRef(shard, shard.name() + "/" + i, List.of(), null));
    }
    return refs;
  }

  @Override
  public RawSample read(SampleRef ref) {
    if (ref.failure() != null) {
      throw ref.failure();
    }
    return new RawSample(ref.key(), Map.of());
  }

  @Override
  public Sample decode(RawSample raw) {
    if (broken.contains(raw.key())) {
      throw new BrokenSampleException(Kind.UNDECODABLE_IMAGE, raw.key() + ": broken");
    }
    return new Sample(raw.key(), DOT, null, List.of());
  }

  @Override
  public DataLimits limits() {
    return DataLimits.DEFAULT;
  }
}
