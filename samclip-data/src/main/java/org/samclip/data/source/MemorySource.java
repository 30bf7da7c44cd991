package org.samclip.data.source;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Samples that are decoded already, in one shard: for trials without files. */
public class MemorySource implements SampleSource {

  private final String name;
  private final Map<String, Sample> samples = new LinkedHashMap<>();
  private final Shard shard;

  /**
   * @param name what messages call it
   * @param samples in their stored order, each with a key of its own
   */
  public MemorySource(String name, List<Sample> samples) {
    this.name = name;
    this.shard = new Shard(name, Path.of(name));
    samples.forEach(sample -> this.samples.put(sample.key(), sample));
    if (this.samples.size() != samples.size()) {
      throw new IllegalArgumentException(name + ": two samples have the same key");
    }
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final List<Shard> shards() {
    return List.of(shard);
  }

  @Override
  public final List<SampleRef> list(Shard shard) {
    return samples.keySet().stream()
        .map(key -> new SampleRef(shard, key, List.of(), null))
        .toList();
  }

  @Override
  public final RawSample read(SampleRef ref) {
    return new RawSample(ref.key(), Map.of());
  }

  @Override
  public final Sample decode(RawSample raw) {
    return samples.get(raw.key());
  }

  @Override
  public final DataLimits limits() {
    return DataLimits.DEFAULT;
  }
}
