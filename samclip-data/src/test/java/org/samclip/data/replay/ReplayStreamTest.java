package org.samclip.data.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.RawSample;
import org.samclip.data.source.Sample;
import org.samclip.data.source.SampleRef;
import org.samclip.data.source.SampleSource;
import org.samclip.data.source.Shard;
import org.samclip.data.source.TestArchive;
import org.samclip.data.source.WebDatasetSource;

@Timeout(30)
class ReplayStreamTest {

  private static final int SHARDS = 4;
  private static final int PER_SHARD = 25;

  @TempDir Path folder;

  @BeforeEach
  void writeShards() throws IOException {
    for (int s = 0; s < SHARDS; s++) {
      TestArchive archive = new TestArchive();
      for (int i = 0; i < PER_SHARD; i++) {
        String key = String.format("%02d/%03d", s, i);
        archive.add(key + ".png", TestArchive.png(3, 2, s * PER_SHARD + i));
        archive.add(key + ".txt", "caption " + key);
      }
      archive.write(folder.resolve("shard-" + s + ".tar"));
    }
  }

  private SampleSource source() {
    return new WebDatasetSource(
        "clip", List.of(folder + "/shard-{0..3}.tar"), true, DataLimits.DEFAULT);
  }

  private static ReplaySettings settings(long seed, int threads) {
    return new ReplaySettings(16, seed, threads, 8);
  }

  private static SampleBudget budget() {
    return new SampleBudget(null);
  }

  private List<String> keys(ReplaySettings settings, Position start, int count) {
    List<String> keys = new ArrayList<>();
    try (ReplayStream stream =
        new ReplayStream(Mixture.of(source(), Selection.ALL, 2), settings, budget(), start)) {
      for (int i = 0; i < count; i++) {
        keys.add(stream.next().key());
      }
    }
    return keys;
  }

  @Test
  void givesEverySampleOncePerPassWithItsOwnContent() {
    try (ReplayStream stream =
        new ReplayStream(source(), Selection.ALL, settings(1, 2), budget())) {
      for (int epoch = 0; epoch < 2; epoch++) {
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < SHARDS * PER_SHARD; i++) {
          Sample sample = stream.next();
          assertEquals(new Position(epoch, i + 1), stream.position());
          seen.add(sample.key());
          String[] parts = sample.key().split("/");
          int value = Integer.parseInt(parts[0]) * PER_SHARD + Integer.parseInt(parts[1]);
          assertEquals(value, sample.image().at(2, 1, 0));
          assertEquals("caption " + sample.key(), sample.text());
        }
        assertEquals(SHARDS * PER_SHARD, seen.size());
      }
    }
  }

  @Test
  void orderFollowsFromTheSeedAlone() {
    int count = 2 * SHARDS * PER_SHARD + 7;
    List<String> one = keys(settings(5, 1), Position.START, count);
    assertEquals(one, keys(settings(5, 3), Position.START, count));
    assertNotEquals(one, keys(settings(6, 1), Position.START, count));
    int pass = SHARDS * PER_SHARD;
    assertNotEquals(one.subList(0, pass), one.subList(pass, 2 * pass));
    List<String> sorted = new ArrayList<>(one.subList(0, pass));
    sorted.sort(null);
    assertNotEquals(sorted, one.subList(0, pass));
  }

  @Test
  void continuesAtASavedPosition() {
    ReplaySettings settings = settings(5, 2);
    int pass = SHARDS * PER_SHARD;
    List<String> whole = keys(settings, Position.START, 3 * pass);
    for (int done : new int[] {1, 17, pass - 1, pass, pass + 1, pass + 30}) {
      Position position;
      try (ReplayStream stream = new ReplayStream(source(), Selection.ALL, settings, budget())) {
        for (int i = 0; i < done; i++) {
          stream.next();
        }
        position = stream.position();
      }
      assertEquals(whole.subList(done, done + pass), keys(settings, position, pass), "" + done);
    }
    assertThrows(UserError.class, () -> keys(settings, new Position(0, pass + 1), 1));
  }

  @Test
  void subsetsAndHoldOutsSplitTheKeys() {
    Set<String> train = pass(new Selection(.6, .3, Selection.Side.TRAIN));
    Set<String> heldOut = pass(new Selection(.6, .3, Selection.Side.HELD_OUT));
    Set<String> both = new HashSet<>(train);
    both.addAll(heldOut);
    assertEquals(train.size() + heldOut.size(), both.size());
    assertEquals(pass(new Selection(.6, 0, Selection.Side.TRAIN)), both);
    assertTrue(pass(new Selection(.8, 0, Selection.Side.TRAIN)).containsAll(both));
    // Three standard deviations around the expected share.
    assertEquals(60, both.size(), 15);
    assertEquals(.3, (double) heldOut.size() / both.size(), .18);
  }

  private Set<String> pass(Selection selection) {
    Set<String> keys = new HashSet<>();
    try (ReplayStream stream = new ReplayStream(source(), selection, settings(1, 2), budget())) {
      for (Sample s = stream.nextOfPass(); s != null; s = stream.nextOfPass()) {
        keys.add(s.key());
      }
    }
    assertEquals(keys.size(), Inventory.of(source(), selection, 2).usable());
    return keys;
  }

  @Test
  void hashOfAKeyIsFixed() {
    // sha256("subset" 0 "sa_1"), first 8 bytes, as sha256sum prints them.
    assertEquals(0xbea74ba5f1c12d44L, KeyHash.of("subset", "sa_1"));
  }

  @Test
  void anEmptySelectionIsAnError() {
    UserError error =
        assertThrows(
            UserError.class,
            () -> Mixture.of(source(), new Selection(1e-12, 0, Selection.Side.TRAIN), 1));
    assertTrue(error.getMessage().contains("no sample selected"), error.getMessage());
  }

  private void breakShards(int broken) throws IOException {
    TestArchive archive = new TestArchive();
    for (int i = 0; i < PER_SHARD; i++) {
      String key = String.format("00/%03d", i);
      archive.add(key + ".png", i < broken ? new byte[] {1, 2, 3} : TestArchive.png(3, 2, i));
      archive.add(key + ".txt", "caption " + key);
    }
    archive.write(folder.resolve("shard-0.tar"));
  }

  @Test
  void skipsCountsAndListsBrokenSamples() throws IOException {
    breakShards(3);
    byte[] tar = Files.readAllBytes(folder.resolve("shard-3.tar"));
    Files.write(folder.resolve("shard-3.tar"), Arrays.copyOf(tar, tar.length / 2));
    Path list = folder.resolve("run/quarantine.tsv");
    for (int run = 0; run < 2; run++) {
      SampleBudget budget = new SampleBudget(.1, 50, new Quarantine(list));
      try (ReplayStream stream =
          new ReplayStream(source(), Selection.ALL, settings(1, 2), budget)) {
        int good = 0;
        while (stream.nextOfPass() != null) {
          good++;
        }
        assertEquals(good + 4, budget.examined());
        assertTrue(good > 75 && good < 97, "good: " + good);
      }
      assertEquals(3, budget.brokenByKind().get(Kind.UNDECODABLE_IMAGE));
      assertEquals(1, budget.brokenByKind().get(Kind.TRUNCATED_ARCHIVE));
    }
    List<String> lines = Files.readAllLines(list);
    assertEquals(4, lines.size(), lines.toString());
    assertTrue(
        lines.stream().anyMatch(l -> l.startsWith("shard-0.tar\t00/001\tUNDECODABLE_IMAGE\t")));
  }

  @Test
  void goesOnWithoutAShardThatVanishesBetweenPasses() throws IOException {
    Path list = folder.resolve("run/quarantine.tsv");
    SampleBudget budget = new SampleBudget(.5, 1000, new Quarantine(list));
    // The buffer is small and one thread lists, so no shard is listed long before it is drawn from.
    ReplaySettings settings = new ReplaySettings(1, 1, 1, 1);
    try (ReplayStream stream = new ReplayStream(source(), Selection.ALL, settings, budget)) {
      while (stream.nextOfPass() != null) {}
      Files.delete(folder.resolve("shard-1.tar"));
      Set<String> seen = new HashSet<>();
      for (int pass = 0; pass < 2; pass++) {
        seen.clear();
        for (Sample s = stream.nextOfPass(); s != null; s = stream.nextOfPass()) {
          seen.add(s.key());
        }
      }
      assertEquals((SHARDS - 1) * PER_SHARD, seen.size());
    }
    assertEquals(0, budget.brokenByKind().getOrDefault(Kind.UNDECODABLE_IMAGE, 0L));
    assertEquals(PER_SHARD, Files.readAllLines(list).size());
    assertTrue(Files.readString(list).contains("shard-1.tar"), Files.readString(list));
  }

  @Test
  void continuesBehindBrokenSamples() throws IOException {
    breakShards(10);
    ReplaySettings settings = settings(3, 2);
    List<String> whole = new ArrayList<>();
    List<Position> positions = new ArrayList<>();
    SampleBudget generous = new SampleBudget(.5, 1000, null);
    try (ReplayStream stream = new ReplayStream(source(), Selection.ALL, settings, generous)) {
      for (int i = 0; i < 120; i++) {
        whole.add(stream.next().key());
        positions.add(stream.position());
      }
    }
    try (ReplayStream stream =
        new ReplayStream(
            Mixture.of(source(), Selection.ALL, 1),
            settings,
            new SampleBudget(.5, 1000, null),
            positions.get(49))) {
      for (int i = 50; i < 120; i++) {
        assertEquals(whole.get(i), stream.next().key());
        assertEquals(positions.get(i), stream.position());
      }
    }
  }

  @Test
  void stopsWhenTooManyAreBroken() throws IOException {
    breakShards(3);
    // At the end of the pass, although the minimum is far away.
    SampleBudget late = new SampleBudget(.01, 1000, null);
    UserError error = assertThrows(UserError.class, () -> drain(late));
    assertTrue(error.getMessage().contains("3 of 100 samples are broken"), error.getMessage());
    // As soon as the minimum is reached.
    SampleBudget early = new SampleBudget(.01, 10, null);
    assertThrows(UserError.class, () -> drain(early));
    assertTrue(early.examined() < 100);
  }

  private void drain(SampleBudget budget) {
    try (ReplayStream stream = new ReplayStream(source(), Selection.ALL, settings(1, 2), budget)) {
      while (stream.nextOfPass() != null) {
        assertTrue(budget.examined() <= SHARDS * PER_SHARD);
      }
    }
  }

  @Test
  void neverLoopsOverDataThatIsAllBroken() throws IOException {
    for (int s = 0; s < SHARDS; s++) {
      Files.write(folder.resolve("shard-" + s + ".tar"), new byte[] {1, 2, 3});
    }
    assertThrows(UserError.class, () -> drain(new SampleBudget(1, 1000, null)));
  }

  /** Counts how far decoding runs ahead, and takes its time when asked to. */
  private static final class Watched implements SampleSource {
    private final SampleSource inner;
    private final Set<String> decoded = java.util.concurrent.ConcurrentHashMap.newKeySet();
    private volatile long delayMillis;

    Watched(SampleSource inner) {
      this.inner = inner;
    }

    @Override
    public String name() {
      return inner.name();
    }

    @Override
    public List<Shard> shards() {
      return inner.shards();
    }

    @Override
    public List<SampleRef> list(Shard shard) {
      return inner.list(shard);
    }

    @Override
    public DataLimits limits() {
      return inner.limits();
    }

    @Override
    public Sample decode(RawSample raw) {
      decoded.add(raw.key());
      if (delayMillis > 0) {
        try {
          Thread.sleep(delayMillis);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
      return inner.decode(raw);
    }
  }

  @Test
  void decodesNoFurtherAheadThanAskedAndNothingThatWasSkipped() throws InterruptedException {
    Watched watched = new Watched(source());
    try (ReplayStream stream =
        new ReplayStream(
            Mixture.of(watched, Selection.ALL, 1), settings(1, 3), budget(), new Position(0, 60))) {
      stream.next();
      Thread.sleep(200);
      assertTrue(watched.decoded.size() <= 8, "decoded " + watched.decoded.size());
    }
  }

  @Test
  void closesPromptly() throws InterruptedException {
    Watched slow = new Watched(source());
    ReplayStream stream = new ReplayStream(slow, Selection.ALL, settings(1, 2), budget());
    stream.next();
    slow.delayMillis = 20_000;
    long start = System.nanoTime();
    stream.close();
    assertTrue(System.nanoTime() - start < 5e9);
    assertThrows(IllegalStateException.class, stream::next);
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().startsWith("decode-clip")) {
        // The pool has ended; its last thread may still be on its way out.
        thread.join(5000);
        assertFalse(thread.isAlive(), thread.getName());
      }
    }
  }
}
