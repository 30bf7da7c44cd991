package org.samclip.data.prepare;

import java.util.List;
import java.util.Map;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.RawSample;
import org.samclip.data.source.Sample;
import org.samclip.data.source.SampleRef;
import org.samclip.data.source.SampleSource;
import org.samclip.data.source.Shard;
import org.samclip.data.transform.RgbImage;

/** The samples of a source by name, neither read nor decoded: each has an image of one pixel. */
final class KeysOnly implements SampleSource {

  private static final RgbImage PIXEL = new RgbImage(1, 1, new byte[3]);

  private final SampleSource source;

  KeysOnly(SampleSource source) {
    this.source = source;
  }

  @Override
  public String name() {
    return source.name();
  }

  @Override
  public List<Shard> shards() {
    return source.shards();
  }

  @Override
  public List<SampleRef> list(Shard shard) {
    return source.list(shard);
  }

  @Override
  public RawSample read(SampleRef ref) {
    if (ref.failure() != null) {
      throw ref.failure();
    }
    return new RawSample(unique(ref), Map.of());
  }

  /** With the shard's path, as some data use the same keys in every shard. */
  static String unique(SampleRef ref) {
    return ref.shard().path() + "/" + ref.key();
  }

  @Override
  public Sample decode(RawSample raw) {
    return new Sample(raw.key(), PIXEL, null, List.of());
  }

  @Override
  public DataLimits limits() {
    return source.limits();
  }
}
