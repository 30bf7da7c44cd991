package org.samclip.data.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.TestArchive;
import org.samclip.data.source.WebDatasetSource;

/**
 * A million samples in a thousand shards, with flat memory. Not part of the usual tests:
 *
 * <pre>
 * mvn test -pl samclip-data -am -Dtest=StreamScaleTest -Dsamclip.scale=1000 \
 *   -Dsurefire.failIfNoSpecifiedTests=false
 * </pre>
 *
 * The number is that of shards, of 1000 samples each. Takes 1 kB of disk for each sample.
 */
@EnabledIfSystemProperty(named = "samclip.scale", matches = "[0-9]{1,5}")
class StreamScaleTest {

  private static final int PER_SHARD = 1000;
  private static final int MOST_GROWTH_MB = 32;

  @TempDir Path folder;

  private static void tell(String form, Object... values) {
    System.out.printf(form + "%n", values);
  }

  private static double megabytesAfterCollection() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return (runtime.totalMemory() - runtime.freeMemory()) / 1e6;
  }

  private static String residentSet() throws IOException {
    Path status = Path.of("/proc/self/status");
    return !Files.exists(status)
        ? "unknown"
        : Files.readAllLines(status).stream()
            .filter(line -> line.startsWith("VmRSS"))
            .findFirst()
            .orElse("")
            .replaceAll("[^0-9]", "");
  }

  private void write(int shards) throws IOException {
    byte[] png = TestArchive.png(4, 4, 7);
    for (int shard = 0; shard < shards; shard++) {
      Path file = folder.resolve(String.format("s-%05d.tar", shard));
      try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20);
          TarArchiveOutputStream tar = new TarArchiveOutputStream(out)) {
        for (int i = 0; i < PER_SHARD; i++) {
          TarArchiveEntry entry = new TarArchiveEntry((shard * PER_SHARD + i) + ".png");
          entry.setSize(png.length);
          tar.putArchiveEntry(entry);
          tar.write(png);
          tar.closeArchiveEntry();
        }
      }
    }
  }

  @Test
  void streamsWithFlatMemory() throws IOException {
    int shards = Integer.getInteger("samclip.scale");
    int total = shards * PER_SHARD;
    write(shards);
    WebDatasetSource source =
        new WebDatasetSource("scale", List.of(folder.toString()), false, DataLimits.DEFAULT);

    long begin = System.nanoTime();
    Mixture mixture = Mixture.of(source, Selection.ALL, 2);
    double seconds = (System.nanoTime() - begin) / 1e9;
    assertEquals(total, mixture.usable());
    tell("counted %d samples in %.1f s: %.0f a second", total, seconds, total / seconds);

    ReplaySettings settings = new ReplaySettings(10_000, 1, 2, 64);
    begin = System.nanoTime();
    Position late = new Position(0, total * 3L / 4);
    try (ReplayStream stream = new ReplayStream(mixture, settings, new SampleBudget(null), late)) {
      stream.next();
    }
    tell("resumed at draw %d in %.2f s", late.drawn(), (System.nanoTime() - begin) / 1e9);

    BitSet seen = new BitSet(total);
    double early = 0;
    double most = 0;
    begin = System.nanoTime();
    try (ReplayStream stream =
        new ReplayStream(mixture, settings, new SampleBudget(null), Position.START)) {
      for (int i = 1; i <= total; i++) {
        int key = Integer.parseInt(stream.next().key());
        assertTrue(!seen.get(key), "twice: " + key);
        seen.set(key);
        if (i % (total / 10) == 0) {
          double now = megabytesAfterCollection();
          early = early == 0 ? now : early;
          most = Math.max(most, now);
          seconds = (System.nanoTime() - begin) / 1e9;
          tell(
              "%d samples, %.0f a second, heap after collection %.1f MB, resident %s kB",
              i, i / seconds, now, residentSet());
        }
      }
    }
    assertEquals(total, seen.cardinality());
    assertTrue(most - early < MOST_GROWTH_MB, "heap grew from " + early + " to " + most + " MB");
  }
}
