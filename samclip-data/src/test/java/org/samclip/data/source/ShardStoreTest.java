package org.samclip.data.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.source.ShardServer.Manner;

/** Compressed archives, and archives at web addresses, sound and broken. */
@Timeout(60)
class ShardStoreTest {

  private static final DataLimits LIMITS = new DataLimits(10_000, 1 << 20);
  private static final HttpSettings HASTY =
      new HttpSettings(Duration.ofSeconds(20), Duration.ofMillis(400), 2, Duration.ofMillis(1));
  private static final HttpSettings PATIENT =
      new HttpSettings(Duration.ofSeconds(20), Duration.ofSeconds(30), 2, Duration.ofMillis(1));
  private static final int SAMPLES = 40;

  @TempDir Path folder;

  private ShardServer server;

  @BeforeEach
  void start() throws IOException {
    server = new ShardServer();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static byte[] tar(int samples) throws IOException {
    TestArchive archive = new TestArchive();
    SplittableRandom random = new SplittableRandom(4);
    for (int i = 0; i < samples; i++) {
      byte[] noise = new byte[3 * 30 * 20];
      random.nextBytes(noise);
      noise[0] = (byte) i;
      archive.add(i + ".png", new org.samclip.data.transform.RgbImage(30, 20, noise).toPng());
      archive.add(i + ".txt", "caption " + i);
    }
    return archive.bytes();
  }

  private static byte[] packed(String ending, byte[] tar) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OutputStream packing =
        ending.contains("z") && !ending.contains("zst")
            ? new GZIPOutputStream(out)
            : ending.contains("zst") ? new ZstdOutputStream(out) : out) {
      packing.write(tar);
    }
    return out.toByteArray();
  }

  private WebDatasetSource source(ShardStore store, String... patterns) {
    return new WebDatasetSource(
        new SourceOptions("web", List.of(patterns), true, false, Map.of(), LIMITS, store));
  }

  private ShardStore store(long maxBytes) {
    return new ShardStore(folder.resolve("spool"), maxBytes, PATIENT);
  }

  private ShardStore store(Manner manner) {
    boolean stalls = manner == Manner.STALLS || manner == Manner.STALLS_ONCE;
    return new ShardStore(folder.resolve("spool"), 1 << 24, stalls ? HASTY : PATIENT);
  }

  private static List<SampleRef> list(WebDatasetSource source) {
    List<SampleRef> refs = new ArrayList<>();
    source.shards().forEach(shard -> refs.addAll(source.list(shard)));
    return refs;
  }

  private static void assertSample(WebDatasetSource source, SampleRef ref) {
    Sample sample = source.decode(source.read(ref));
    assertEquals("caption " + ref.key(), sample.text());
    assertEquals(Integer.parseInt(ref.key()), sample.image().at(0, 0, 0));
  }

  private static void assertWhole(WebDatasetSource source) {
    List<SampleRef> refs = list(source);
    assertEquals(SAMPLES, refs.size());
    for (int i = refs.size() - 1; i >= 0; i--) {
      assertSample(source, refs.get(i));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {".tar", ".tar.gz", ".tgz", ".tar.zst"})
  void readsPackedArchivesInAnyOrder(String ending) throws IOException {
    Files.write(folder.resolve("a" + ending), packed(ending, tar(SAMPLES)));
    try (ShardStore store = store(1 << 24)) {
      assertWhole(source(store, folder.toString()));
      assertWhole(source(store, folder + "/a*" + ending));
    }
  }

  @Test
  void temporaryFilesHaveNoNameAndALimit() throws IOException {
    byte[] tar = tar(SAMPLES);
    for (int i = 0; i < 4; i++) {
      Files.write(folder.resolve("s" + i + ".tar.gz"), packed(".gz", tar));
    }
    try (ShardStore store = store(2L * tar.length)) {
      WebDatasetSource source = source(store, folder + "/s{0..3}.tar.gz");
      List<SampleRef> refs = list(source);
      assertEquals(2L * tar.length, store.used());
      // The first shard went to make room: it is unpacked once more.
      assertSample(source, refs.get(3));
      assertEquals(2L * tar.length, store.used());
      try (Stream<Path> files = Files.list(folder.resolve("spool"))) {
        assertEquals(0, files.count());
      }
      store.close();
      assertEquals(0, store.used());
      assertSample(source, refs.get(3));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {".tar.gz", ".tar.zst"})
  void aBombIsLostBeyondTheLimitAndNothingElse(String ending) throws IOException {
    byte[] tar =
        new TestArchive()
            .add("0.png", TestArchive.png(2, 2, 0))
            .add("0.txt", "caption 0")
            .add("1.png", new byte[20 << 20])
            .bytes();
    byte[] bomb = packed(ending, tar);
    assertTrue(bomb.length < 1 << 20);
    Files.write(folder.resolve("bomb" + ending), bomb);
    try (ShardStore store = store(1 << 20)) {
      WebDatasetSource source = source(store, folder.toString());
      List<SampleRef> refs = list(source);
      assertEquals(2, refs.size());
      assertSample(source, refs.get(0));
      assertTrue(refs.get(1).isRest());
      assertTrue(refs.get(1).failure().getMessage().contains("1048576 bytes unpacked"));
      assertTrue(store.used() <= 1 << 20);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {".tar.gz", ".tar.zst"})
  void damagedPackingKeepsWhatComesBefore(String ending) throws IOException {
    byte[] whole = packed(ending, tar(SAMPLES));
    SplittableRandom random = new SplittableRandom(9);
    int rests = 0;
    for (int round = 0; round < 40; round++) {
      byte[] damaged = whole.clone();
      if (round % 2 == 0) {
        damaged = Arrays.copyOf(whole, random.nextInt(whole.length));
      } else {
        for (int i = 0; i < 3; i++) {
          damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
        }
      }
      Files.write(folder.resolve("a" + ending), damaged);
      try (ShardStore store = store(1 << 24)) {
        WebDatasetSource source = source(store, folder.resolve("a" + ending).toString());
        for (SampleRef ref : list(source)) {
          rests += ref.isRest() ? 1 : 0;
          try {
            source.decode(source.read(ref));
          } catch (BrokenSampleException e) {
            assertFalse(e.getMessage().isBlank());
          }
        }
      }
    }
    assertTrue(rests >= 20, rests + " of 40 gave a lost rest");
  }

  @ParameterizedTest
  @EnumSource(names = {"SOUND", "WITHOUT_RANGES", "CLOSES_ONCE", "STALLS_ONCE", "BUSY"})
  void readsFromServersThatAnswerInTheEnd(Manner manner) throws IOException {
    String address = server.serve("w.tar", tar(SAMPLES), manner);
    try (ShardStore store = store(manner)) {
      assertWhole(source(store, address));
    }
    boolean resumed = server.ranges.stream().anyMatch(range -> range.matches("bytes=[1-9]\\d*-"));
    assertEquals(manner != Manner.SOUND && manner != Manner.BUSY, resumed, server.ranges::toString);
  }

  @Test
  void readsPackedArchivesFromAddressesWithBraces() throws IOException {
    String address = server.serve("w-07.tar.zst", packed(".zst", tar(SAMPLES)), Manner.SOUND);
    try (ShardStore store = store(1 << 24)) {
      WebDatasetSource source = source(store, address.replace("07", "{07..07}") + "?key=1");
      assertEquals("w-07.tar.zst", source.shards().get(0).name());
      assertWhole(source);
      assertEquals(1, server.ranges.size(), "downloaded once");
      assertEquals(-1, Manifest.of(source, true).entries().get(0).bytes());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"STALLS", "PAGE", "ABSENT", "CHANGES"})
  void whatCannotBeHadIsOneBrokenShardWithItsCause(Manner manner) throws IOException {
    String address = server.serve("w.tar", tar(SAMPLES), manner);
    try (ShardStore store = store(manner)) {
      WebDatasetSource source = source(store, address);
      List<SampleRef> refs = list(source);
      SampleRef rest = refs.get(refs.size() - 1);
      assertTrue(rest.isRest());
      String message = rest.failure().getMessage();
      String cause =
          switch (manner) {
            case STALLS -> "gave up after 3 tries (no byte for 400 ms)";
            case PAGE -> "web page";
            case ABSENT -> "HTTP 404";
            default -> "changed while it was read";
          };
      assertTrue(message.contains(cause), message);
      assertTrue(message.contains(address), message);
      Kind kind = manner == Manner.CHANGES ? Kind.TRUNCATED_ARCHIVE : Kind.UNREADABLE;
      assertEquals(kind, rest.failure().kind());
      assertEquals(manner == Manner.CHANGES, refs.size() > 1);
    }
  }

  @Test
  void addressesThatCannotWorkAreUserErrors() {
    try (ShardStore store = store(1 << 20)) {
      for (String address : List.of("http://127.0.0.1/*.tar", "http://", "https://a b/x.tar")) {
        assertThrows(UserError.class, () -> source(store, address), address);
      }
    }
    assertThrows(UserError.class, () -> new ShardStore(null, 0, HASTY));
  }

  @Test
  void aMissingFileIsOneBrokenShard() throws IOException {
    Path file = Files.write(folder.resolve("a.tar.gz"), packed(".gz", tar(2)));
    try (ShardStore store = store(1 << 20)) {
      WebDatasetSource source = source(store, file.toString());
      Files.delete(file);
      assertEquals(Kind.UNREADABLE, list(source).get(0).failure().kind());
    }
  }

  @Test
  void manyThreadsShareOneUnpacking() throws Exception {
    String address = server.serve("w.tar.gz", packed(".gz", tar(SAMPLES)), Manner.SOUND);
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try (ShardStore store = store(1 << 24)) {
      WebDatasetSource source = source(store, address);
      List<Callable<Void>> tasks = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        tasks.add(
            () -> {
              assertWhole(source);
              return null;
            });
      }
      for (var done : threads.invokeAll(tasks)) {
        done.get();
      }
      assertEquals(1, server.ranges.size());
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void anInterruptedReaderDoesNotSpoilTheOthers() throws IOException {
    Files.write(folder.resolve("a.tar.gz"), packed(".gz", tar(SAMPLES)));
    try (ShardStore store = store(1 << 24)) {
      WebDatasetSource source = source(store, folder.toString());
      List<SampleRef> refs = list(source);
      Thread.currentThread().interrupt();
      assertThrows(CancellationException.class, () -> source.read(refs.get(0)));
      assertTrue(Thread.interrupted());
      assertSample(source, refs.get(1));
    }
  }

  @Test
  void formatsAreFoundByName() {
    assertTrue(SampleSources.formats().containsAll(List.of("webdataset", "sa1b")));
    assertFalse(SampleSources.maskFormats().contains("webdataset"));
    UserError e = assertThrows(UserError.class, () -> SampleSources.provider("webdatset"));
    assertTrue(e.getMessage().contains("Did you mean 'webdataset'?"), e.getMessage());
    assertTrue(e.getMessage().contains("sa1b"), e.getMessage());
  }
}
