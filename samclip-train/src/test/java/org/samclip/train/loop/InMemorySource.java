package org.samclip.train.loop;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.replay.ReplaySettings;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.replay.SampleBudget;
import org.samclip.data.replay.Selection;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.RawSample;
import org.samclip.data.source.Sample;
import org.samclip.data.source.SampleRef;
import org.samclip.data.source.SampleSource;
import org.samclip.data.source.Shard;
import org.samclip.data.transform.RgbImage;

/** Samples that need no files. */
final class InMemorySource implements SampleSource {

  private final Map<String, Sample> samples = new LinkedHashMap<>();
  private final Shard shard = new Shard("memory", Path.of("memory"));

  InMemorySource(List<Sample> samples) {
    samples.forEach(sample -> this.samples.put(sample.key(), sample));
  }

  /** Noise with a caption of two words and two rectangles as masks, of varying sizes. */
  static List<Sample> pictures(int count) {
    List<Sample> made = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      SplittableRandom random = new SplittableRandom(i);
      int width = 24 + random.nextInt(40);
      int height = 24 + random.nextInt(40);
      byte[] rgb = new byte[3 * width * height];
      random.nextBytes(rgb);
      made.add(
          new Sample(
              "picture" + i,
              new RgbImage(width, height, rgb),
              "w" + i % 7 + " w" + i % 5,
              List.of(
                  rectangle(width, height, 2 + i % 3, 3, 9, 12),
                  rectangle(width, height, 10, 8, 10, 8))));
    }
    return made;
  }

  static RunLengthMask rectangle(int width, int height, int x, int y, int w, int h) {
    byte[] mask = new byte[width * height];
    for (int row = y; row < y + h; row++) {
      java.util.Arrays.fill(mask, row * width + x, row * width + x + w, (byte) 1);
    }
    return RunLengthMask.encode(mask, height, width);
  }

  ReplayStream stream(long seed, int threads) {
    ReplaySettings settings = new ReplaySettings(8, seed, threads, 4);
    return new ReplayStream(this, Selection.ALL, settings, new SampleBudget(null));
  }

  Sample sample(String key) {
    return samples.get(key);
  }

  @Override
  public String name() {
    return "memory";
  }

  @Override
  public List<Shard> shards() {
    return List.of(shard);
  }

  @Override
  public List<SampleRef> list(Shard shard) {
    return samples.keySet().stream()
        .map(key -> new SampleRef(shard, key, List.of(), null))
        .toList();
  }

  @Override
  public RawSample read(SampleRef ref) {
    return new RawSample(ref.key(), Map.of());
  }

  @Override
  public Sample decode(RawSample raw) {
    return samples.get(raw.key());
  }

  @Override
  public DataLimits limits() {
    return DataLimits.DEFAULT;
  }
}
