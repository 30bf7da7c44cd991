package org.samclip.data.replay;

import java.util.Objects;
import org.samclip.UserError;

/**
 * How a mixture is replayed. Of these only the buffer and the seed decide the order.
 *
 * @param shuffleBuffer samples among which the next one is drawn, for each source; 1 keeps the
 *     stored order within shards
 * @param seed decides the order
 * @param rank which share of the order this stream gives
 * @param threads that list, read and decode, at least 1
 * @param prefetch samples decoded ahead, at least 1; bounds the memory
 */
public record ReplaySettings(int shuffleBuffer, long seed, Rank rank, int threads, int prefetch) {

  /** Checks the ranges. */
  public ReplaySettings {
    Objects.requireNonNull(rank, "rank");
    check("shuffle_buffer", shuffleBuffer, 10_000_000);
    check("threads", threads, 1024);
    check("prefetch", prefetch, 100_000);
  }

  /**
   * For a process of its own.
   *
   * @param shuffleBuffer samples among which the next one is drawn
   * @param seed decides the order
   * @param threads that list, read and decode
   * @param prefetch samples decoded ahead
   */
  public ReplaySettings(int shuffleBuffer, long seed, int threads, int prefetch) {
    this(shuffleBuffer, seed, Rank.ONLY, threads, prefetch);
  }

  private static void check(String key, int value, int most) {
    if (value < 1 || value > most) {
      throw new UserError(key + ": " + value + ", allowed: 1.." + most);
    }
  }
}
