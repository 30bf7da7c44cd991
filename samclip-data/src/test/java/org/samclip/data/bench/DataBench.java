package org.samclip.data.bench;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.RawSample;
import org.samclip.data.source.Sa1bSource;
import org.samclip.data.source.Sample;
import org.samclip.data.source.SampleRef;
import org.samclip.data.source.SampleSource;
import org.samclip.data.source.WebDatasetSource;
import org.samclip.data.transform.ClipPreprocess;
import org.samclip.data.transform.Normalisation;
import org.samclip.data.transform.RgbImage;
import org.samclip.data.transform.SamPreprocess;

/**
 * CPU milliseconds an image for each stage of the data path, on one thread; the peer is {@code
 * scripts/bench/data_peer.py}, the shards are made by {@code scripts/bench/make_shards.py}.
 */
final class DataBench {

  private static final int ROUNDS = 4;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private final Map<String, Long> times = new LinkedHashMap<>();
  private int sink;

  private <T> T run(String stage, Supplier<T> action) {
    long start = THREADS.getCurrentThreadCpuTime();
    T result = action.get();
    times.merge(stage, THREADS.getCurrentThreadCpuTime() - start, Long::sum);
    return result;
  }

  /** Reads, decodes and prepares every sample once. */
  private int pass(SampleSource source, boolean withMasks) {
    ClipPreprocess clip = new ClipPreprocess(224);
    SamPreprocess sam = new SamPreprocess(1024);
    List<SampleRef> refs = run("read", () -> source.list(source.shards().get(0)));
    for (SampleRef ref : refs) {
      RawSample raw = run("read", () -> source.read(ref));
      Sample sample = run("decode", () -> source.decode(raw));
      RgbImage small =
          run("resize", () -> withMasks ? sam.resize(sample.image()) : clip.crop(sample.image()));
      sink += run("normalise", () -> Normalisation.CLIP.apply(small)).length;
      if (withMasks) {
        for (RunLengthMask mask : sample.masks()) {
          sink += run("masks", mask::decode).length;
        }
      }
    }
    return refs.size();
  }

  private static void measure(SampleSource source, boolean withMasks) {
    Map<String, Long> best = null;
    int count = 0;
    int sink = 0;
    for (int round = 0; round < ROUNDS; round++) {
      DataBench bench = new DataBench();
      count = bench.pass(source, withMasks);
      sink += bench.sink;
      if (best == null || total(bench.times) < total(best)) {
        best = bench.times;
      }
    }
    StringBuilder line = new StringBuilder(source.shards().get(0).name()).append(':');
    for (Map.Entry<String, Long> stage : best.entrySet()) {
      line.append(String.format(" %s %.2f,", stage.getKey(), stage.getValue() / 1e6 / count));
    }
    System.out.printf(
        "%s ms; %.0f images/s a core (%d)%n", line, count / (total(best) / 1e9), sink);
  }

  private static long total(Map<String, Long> times) {
    return times.values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * @param args the folder of the shards
   */
  public static void main(String[] args) {
    Path folder = Path.of(args[0]);
    for (String name : List.of("web.tar", "web-webp.tar")) {
      measure(
          new WebDatasetSource(
              "web", List.of(folder.resolve(name).toString()), false, DataLimits.DEFAULT),
          false);
    }
    measure(
        new Sa1bSource("sam", List.of(folder.resolve("sa.tar").toString()), DataLimits.DEFAULT),
        true);
  }
}
