package org.samclip.data.source;

import java.util.List;

/**
 * Training samples in shards. A shard is listed first ({@link #list}: names and byte ranges, no
 * payload), then single samples are read and decoded, by any thread and in any order. So a subset
 * costs only what it uses, and a resumed run skips without reading.
 */
public interface SampleSource {

  /** What messages and manifests call it. */
  String name();

  /** The shards in a fixed order; at least one. */
  List<Shard> shards();

  /**
   * Lists a shard's samples in their stored order. What cannot be used is listed too, with its
   * failure; a damaged archive ends with one such entry for the rest.
   *
   * @param shard one of {@link #shards()}
   * @return its samples
   */
  List<SampleRef> list(Shard shard);

  /**
   * Lists a shard, and tells what it passes over; a source that passes over nothing need not.
   *
   * @param shard one of {@link #shards()}
   * @param leftOut counts it
   * @return its samples
   */
  default List<SampleRef> list(Shard shard, LeftOut leftOut) {
    return list(shard);
  }

  /** What was passed over when the source was opened, as it belongs to no shard. */
  default LeftOut leftOut() {
    return new LeftOut();
  }

  /**
   * Reads a sample's fields; unless a source has its own way, the byte ranges that its members
   * name.
   *
   * @param ref a sample of this source
   * @return its bytes
   * @throws org.samclip.data.BrokenSampleException if it cannot be read
   */
  default RawSample read(SampleRef ref) {
    try (ShardStore store = new ShardStore()) {
      return MemberReader.read(ref, limits(), store);
    }
  }

  /**
   * Decodes a sample by this source's rule.
   *
   * @param raw what {@link #read} gave
   * @return image, caption, masks
   * @throws org.samclip.data.BrokenSampleException if something is missing or does not decode
   */
  Sample decode(RawSample raw);

  /** What one sample may cost. */
  DataLimits limits();
}
