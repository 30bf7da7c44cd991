package org.samclip.data.prepare;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.samclip.UserError;
import org.samclip.data.replay.KeyTally;
import org.samclip.data.replay.Mixture;
import org.samclip.data.replay.Position;
import org.samclip.data.replay.Rank;
import org.samclip.data.replay.ReplaySettings;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.replay.SampleBudget;
import org.samclip.data.source.SampleRef;
import org.samclip.data.source.SampleSource;
import org.samclip.data.source.Shard;

/**
 * Proves on a data set that the order holds: one run goes through, another stops at random places
 * and goes on with other numbers of ranks and workers. Both must give the same samples in the same
 * order, and each sample as often as a plain listing of the shards says. Samples are not read.
 */
public final class OrderCheck {

  private static final int MOST_RANKS = 4;
  private static final int MOST_WORKERS = 4;

  /**
   * What was found.
   *
   * @param draws places in the order of each of the two runs
   * @param given samples that the run without a stop gave; the others could not be listed
   * @param samples different samples that the listings name
   * @param same samples, from the beginning on, that both runs gave in the same order
   * @param resumed samples that the stopped run gave
   * @param missing samples that came less often than they must
   * @param repeated samples that came more often than they may
   * @param runs how the stopped run was put together, one line each
   */
  public record Result(
      long draws,
      long given,
      long samples,
      long same,
      long resumed,
      long missing,
      long repeated,
      List<String> runs) {

    /** Whether every sample came as often as it must, in the same order in both runs. */
    public boolean holds() {
      return missing == 0 && repeated == 0 && same == given && resumed == given;
    }
  }

  private final Mixture mixture;
  private final int shuffleBuffer;
  private final long seed;

  /**
   * @param mixture what to check
   * @param shuffleBuffer as in training
   * @param seed of the order and of the stops
   */
  public OrderCheck(Mixture mixture, int shuffleBuffer, long seed) {
    List<Mixture.Part> parts = new ArrayList<>();
    for (Mixture.Part part : mixture.parts()) {
      SampleSource keys = new KeysOnly(part.source());
      parts.add(
          new Mixture.Part(part.label(), keys, part.selection(), part.weight(), part.inventory()));
    }
    this.mixture = new Mixture(mixture.name(), parts);
    this.shuffleBuffer = shuffleBuffer;
    this.seed = seed;
  }

  /**
   * Runs both.
   *
   * @param passes how many, at least 1
   * @param stops how often the second run stops, at least 1
   * @return what was found
   * @throws UserError if passes or stops are below 1
   */
  public Result run(int passes, int stops) {
    if (passes < 1 || stops < 1) {
      throw new UserError(
          "passes " + passes + ", stops " + stops + ": allowed: at least 1 of each");
    }
    long draws = Math.multiplyExact(passes, mixture.draws());
    KeyTally through = new KeyTally();
    run(Position.START, 1, 1, draws, through);

    SplittableRandom random = new SplittableRandom(seed);
    long[] places = random.longs(stops, 0, draws + 1).sorted().toArray();
    KeyTally stopped = new KeyTally();
    List<String> runs = new ArrayList<>();
    Position at = Position.START;
    long drawn = 0;
    for (int i = 0; i <= stops; i++) {
      boolean last = i == stops;
      long end = last ? draws : places[i];
      int ranks = 1 + random.nextInt(MOST_RANKS);
      int workers = 1 + random.nextInt(MOST_WORKERS);
      // Ranks stop together, at the end of a round; only the very end is reached one by one.
      for (int of : last ? new int[] {ranks, 1} : new int[] {ranks}) {
        long rounds = (end - drawn) / of;
        if (rounds > 0) {
          runs.add(
              String.format(
                  Locale.ROOT,
                  "from pass %d, draw %d: %d draws on %d ranks with %d workers each",
                  at.epoch(),
                  at.drawn(),
                  rounds * of,
                  of,
                  workers));
          at = run(at, of, workers, rounds, stopped);
          drawn += rounds * of;
        }
      }
    }
    return compare(draws, through, stopped, runs);
  }

  private Position run(Position start, int ranks, int workers, long rounds, KeyTally keys) {
    List<ReplayStream> streams = new ArrayList<>();
    try {
      for (int rank = 0; rank < ranks; rank++) {
        ReplaySettings settings =
            new ReplaySettings(shuffleBuffer, seed, new Rank(rank, ranks), workers, 256);
        SampleBudget all = SampleBudget.counting(null);
        streams.add(new ReplayStream(mixture, settings, all, start));
      }
      for (long round = 0; round < rounds; round++) {
        for (ReplayStream stream : streams) {
          stream.take(1, sample -> keys.add(sample.key()));
        }
      }
      return streams.get(0).position();
    } finally {
      streams.forEach(ReplayStream::close);
    }
  }

  private Result compare(long draws, KeyTally through, KeyTally stopped, List<String> runs) {
    long[] given = stopped.sorted();
    long samples = 0;
    long missing = 0;
    long repeated = 0;
    for (int i = 0; i < mixture.parts().size(); i++) {
      Mixture.Part part = mixture.parts().get(i);
      long size = part.inventory().draws();
      long own = draws / mixture.draws() * mixture.draws(i);
      long least = own / size;
      long most = (own + size - 1) / size;
      String before = mixture.parts().size() == 1 ? "" : part.label() + "/";
      KeyTally listed = new KeyTally();
      for (Shard shard : part.source().shards()) {
        for (SampleRef ref : part.source().list(shard)) {
          if (ref.failure() == null && part.selection().contains(ref.key())) {
            listed.add(before + KeysOnly.unique(ref));
          }
        }
      }
      for (long key : listed.sorted()) {
        int times = KeyTally.count(given, key);
        missing += times < least ? 1 : 0;
        repeated += times > most ? 1 : 0;
      }
      samples += listed.size();
    }
    return new Result(
        draws,
        through.size(),
        samples,
        through.sameUpTo(stopped),
        stopped.size(),
        missing,
        repeated,
        List.copyOf(runs));
  }
}
