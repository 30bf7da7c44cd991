package org.samclip.data.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;
import org.samclip.data.source.SampleRef;
import org.samclip.data.source.Shard;

/** The order over ranks, workers, stops and mixtures, with random shard sizes. */
@Timeout(60)
class RankedOrderTest {

  private static NumberedSource randomSource(SplittableRandom random, String name) {
    int[] sizes = new int[1 + random.nextInt(9)];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = random.nextInt(4) == 0 ? 0 : random.nextInt(40);
    }
    sizes[random.nextInt(sizes.length)] = 1 + random.nextInt(60);
    return new NumberedSource(name, sizes);
  }

  private static ReplayStream stream(
      Mixture mixture, ReplaySettings like, Rank rank, int threads, Position start) {
    ReplaySettings settings =
        new ReplaySettings(like.shuffleBuffer(), like.seed(), rank, threads, like.prefetch());
    return new ReplayStream(mixture, settings, new SampleBudget(1, 1, null), start);
  }

  /** Runs all ranks for some rounds; their keys go to {@code seen}, round by round. */
  private static Position run(
      Mixture mixture,
      ReplaySettings like,
      int ranks,
      int threads,
      Position start,
      int rounds,
      List<String> seen) {
    List<ReplayStream> streams = new ArrayList<>();
    try {
      for (int rank = 0; rank < ranks; rank++) {
        streams.add(stream(mixture, like, new Rank(rank, ranks), threads, start));
      }
      for (int round = 0; round < rounds; round++) {
        for (ReplayStream stream : streams) {
          stream.take(1, sample -> seen.add(sample.key()));
        }
        for (ReplayStream stream : streams) {
          assertEquals(streams.get(0).position(), stream.position());
        }
      }
      return streams.get(0).position();
    } finally {
      streams.forEach(ReplayStream::close);
    }
  }

  /** Stops at random places and goes on with other numbers of ranks and workers. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
  void everyKeyOncePerPassWhateverTheRanksWorkersAndStops(int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    NumberedSource source = randomSource(random, "one");
    List<String> all = source.keys();
    all.stream().filter(key -> random.nextInt(10) == 0).forEach(source.broken::add);
    Mixture mixture = Mixture.of(source, Selection.ALL, 2);
    ReplaySettings like =
        new ReplaySettings(1 + random.nextInt(50), seed, 1, 1 + random.nextInt(20));

    List<String> one = new ArrayList<>();
    run(mixture, like, 1, 1, Position.START, 3 * all.size(), one);
    assertEquals(3 * source.keys().size(), one.size());
    for (int pass = 0; pass < 3; pass++) {
      int size = source.keys().size();
      assertEquals(
          new HashSet<>(source.keys()), new HashSet<>(one.subList(pass * size, (pass + 1) * size)));
    }

    List<String> resumed = new ArrayList<>();
    Position at = Position.START;
    long drawn = 0;
    while (drawn < 3L * all.size()) {
      int ranks = 1 + random.nextInt(4);
      int left = (int) (3L * all.size() - drawn);
      if (left < ranks) {
        ranks = 1;
      }
      int rounds = 1 + random.nextInt(Math.max(1, left / ranks));
      at = run(mixture, like, ranks, 1 + random.nextInt(3), at, rounds, resumed);
      drawn += (long) rounds * ranks;
      assertEquals(drawn, at.epoch() * all.size() + at.drawn());
    }
    assertEquals(one, resumed);
  }

  @Test
  void oneRankGivesWhatAllRanksGiveInTurn() {
    NumberedSource source = new NumberedSource("uneven", 1, 50, 3, 0, 20);
    Mixture mixture = Mixture.of(source, Selection.ALL, 1);
    ReplaySettings like = new ReplaySettings(7, 3, 1, 5);
    for (int ranks : new int[] {1, 2, 3, 6}) {
      List<String> seen = new ArrayList<>();
      // 74 samples on 6 ranks: more ranks than shards, and a round goes over the end of the pass.
      run(mixture, like, ranks, 2, Position.START, 2 * 74 / ranks, seen);
      List<String> single = new ArrayList<>();
      try (ReplayStream stream = stream(mixture, like, Rank.ONLY, 1, Position.START)) {
        for (int i = 0; i < seen.size(); i++) {
          single.add(stream.next().key());
        }
      }
      assertEquals(single, seen, ranks + " ranks");
    }
  }

  /** The documented shuffle, written down plainly; old checkpoints depend on it. */
  @Test
  void aSingleSourceHasTheDocumentedOrder() {
    NumberedSource source = new NumberedSource("plain", 9, 0, 30, 4, 17);
    Mixture mixture = Mixture.of(source, Selection.ALL, 1);
    try (ReplayStream stream =
        stream(mixture, new ReplaySettings(12, 8, 1, 3), Rank.ONLY, 2, Position.START)) {
      for (long pass = 0; pass < 3; pass++) {
        long seed = KeyHash.seed(8, pass, "plain");
        List<Shard> shards = new ArrayList<>(source.shards());
        Collections.shuffle(shards, new Random(seed));
        List<String> stored = new ArrayList<>();
        for (Shard shard : shards) {
          for (SampleRef ref : source.list(shard)) {
            stored.add(ref.key());
          }
        }
        SplittableRandom random = new SplittableRandom(seed);
        List<String> buffer = new ArrayList<>();
        int at = 0;
        for (int i = 0; i < stored.size(); i++) {
          while (buffer.size() < 12 && at < stored.size()) {
            buffer.add(stored.get(at++));
          }
          int drawn = random.nextInt(buffer.size());
          Collections.swap(buffer, drawn, buffer.size() - 1);
          assertEquals(buffer.remove(buffer.size() - 1), stream.next().key());
        }
      }
    }
  }

  private static Mixture.Part part(NumberedSource source, Double weight) {
    Inventory inventory = Inventory.of(source, Selection.ALL, 1);
    return new Mixture.Part(source.name(), source, Selection.ALL, weight, inventory);
  }

  @Test
  void aMixtureWithoutWeightsGivesEverySampleOncePerPass() {
    NumberedSource a = new NumberedSource("a", 30, 1);
    NumberedSource b = new NumberedSource("b", 5, 5, 5);
    Mixture mixture = new Mixture("mix", List.of(part(a, null), part(b, null)));
    assertEquals(46, mixture.draws());
    Set<String> expected = new HashSet<>();
    a.keys().forEach(key -> expected.add("a/" + key));
    b.keys().forEach(key -> expected.add("b/" + key));
    List<String> seen = new ArrayList<>();
    run(mixture, new ReplaySettings(4, 1, 1, 3), 2, 1, Position.START, 46, seen);
    assertEquals(expected, new HashSet<>(seen.subList(0, 46)));
    assertEquals(expected, new HashSet<>(seen.subList(46, 92)));
    // Mixed all along, not one source after the other.
    assertTrue(seen.subList(0, 23).stream().filter(key -> key.startsWith("b/")).count() > 2);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 6, 7, 8})
  void aWeightedMixtureHasExactSharesAndResumesAnywhere(int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Mixture.Part> parts = new ArrayList<>();
    double weights = 0;
    for (int i = 0; i < 3; i++) {
      double weight = .5 + random.nextDouble();
      weights += weight;
      parts.add(part(randomSource(random, "p" + i), weight));
    }
    Mixture mixture = new Mixture("mix", parts);
    ReplaySettings like = new ReplaySettings(9, seed, 1, 6);
    int pass = (int) mixture.draws();
    List<String> whole = new ArrayList<>();
    run(mixture, like, 1, 2, Position.START, 5 * pass, whole);

    for (int i = 0; i < 3; i++) {
      String prefix = "p" + i + "/";
      List<String> own = whole.stream().filter(key -> key.startsWith(prefix)).toList();
      assertEquals(5 * mixture.draws(i), own.size());
      assertEquals(pass * parts.get(i).weight() / weights, mixture.draws(i), 1);
      // Of its own passes each gives every sample once.
      int size = (int) parts.get(i).inventory().draws();
      for (int at = 0; at + size <= own.size(); at += size) {
        assertEquals(size, new HashSet<>(own.subList(at, at + size)).size());
      }
    }
    for (int ranks = 1; ranks <= 3; ranks++) {
      int stop = random.nextInt(4 * pass);
      Position at = new Position(stop / pass, stop % pass);
      List<String> rest = new ArrayList<>();
      run(mixture, like, ranks, 1, at, pass / ranks, rest);
      assertEquals(whole.subList(stop, stop + pass / ranks * ranks), rest);
    }
  }

  @Test
  void tellsTheSourcesOwnPassAndWhatItHasGiven() {
    NumberedSource small = new NumberedSource("small", 2);
    NumberedSource large = new NumberedSource("large", 8);
    Mixture mixture = new Mixture("mix", List.of(part(small, 1.), part(large, 1.)));
    try (ReplayStream stream =
        stream(mixture, new ReplaySettings(1, 0, 1, 4), Rank.ONLY, 1, Position.START)) {
      TreeMap<String, Integer> seen = new TreeMap<>();
      for (int i = 0; i < 10; i++) {
        String key = stream.next().key();
        int before = seen.merge(key, 1, Integer::sum) - 1;
        assertEquals(before, stream.sourcePass(), key);
      }
      assertEquals(5L, stream.delivered().get("small"));
      assertEquals(5L, stream.delivered().get("large"));
    }
  }

  @Test
  void skippingListsOnlyWhatIsLeft() {
    int[] sizes = new int[200];
    java.util.Arrays.fill(sizes, 100);
    NumberedSource source = new NumberedSource("long", sizes);
    Mixture mixture = Mixture.of(source, Selection.ALL, 1);
    ReplaySettings like = new ReplaySettings(50, 4, 1, 4);
    List<String> whole = new ArrayList<>();
    run(mixture, like, 1, 1, Position.START, 10_100, whole);
    source.listed.clear();
    List<String> rest = new ArrayList<>();
    run(mixture, like, 1, 1, new Position(0, 10_000), 100, rest);
    assertEquals(whole.subList(10_000, 10_100), rest);
    assertTrue(source.listed.size() < 15, "listed " + source.listed.size());
  }

  @Test
  void countsEverySampleOfAShardThatShrinksOrGoes() {
    NumberedSource source = new NumberedSource("rotting", 50, 50, 50, 50);
    Mixture mixture = Mixture.of(source, Selection.ALL, 1);
    SampleBudget budget = new SampleBudget(.5, 1000, null);
    try (ReplayStream stream =
        new ReplayStream(mixture, new ReplaySettings(10, 1, 2, 4), budget, Position.START)) {
      while (stream.nextOfPass() != null) {}
      assertEquals(0, budget.brokenCount());
      source.sizes[1] = 0;
      source.sizes[2] = 20;
      source.sizes[3] = 60;
      List<String> seen = new ArrayList<>();
      for (var s = stream.nextOfPass(); s != null; s = stream.nextOfPass()) {
        seen.add(s.key());
      }
      // The pass's first shard or two may have been listed before they changed.
      assertEquals(200, budget.examined() - 200);
      assertEquals(200 - seen.size(), budget.brokenCount());
      assertEquals(seen.size(), new HashSet<>(seen).size());
      seen.clear();
      for (var s = stream.nextOfPass(); s != null; s = stream.nextOfPass()) {
        seen.add(s.key());
      }
      assertEquals(50 + 20 + 50, seen.size());
    }
    SampleBudget strict = new SampleBudget(.1, 1000, null);
    NumberedSource gone = new NumberedSource("gone", 50, 50);
    Mixture counted = Mixture.of(gone, Selection.ALL, 1);
    gone.sizes[0] = 0;
    try (ReplayStream stream =
        new ReplayStream(counted, new ReplaySettings(10, 1, 2, 4), strict, Position.START)) {
      UserError error =
          assertThrows(
              UserError.class,
              () -> {
                while (stream.nextOfPass() != null) {}
              });
      assertTrue(error.getMessage().contains("50 of 100 samples are broken"), error.getMessage());
    }
  }

  @Test
  void refusesMixturesThatCannotBe() {
    NumberedSource a = new NumberedSource("a", 10);
    NumberedSource b = new NumberedSource("b", 10);
    for (double weight : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      String message = assertThrows(UserError.class, () -> part(a, weight)).getMessage();
      assertTrue(message.contains("weight " + weight), message);
    }
    assertThrows(UserError.class, () -> new Mixture("m", List.of(part(a, 1.), part(b, null))));
    assertThrows(UserError.class, () -> new Mixture("m", List.of(part(a, 1.), part(b, 1e-9))));
    assertThrows(UserError.class, () -> new Mixture("m", List.of(part(a, 1.), part(a, 1.))));
    assertThrows(
        UserError.class, () -> new Mixture("m", List.of(part(new NumberedSource("e", 0), null))));
    assertThrows(UserError.class, () -> new Rank(2, 2));
  }
}
