package org.samclip.data.replay;

import org.samclip.UserError;

/**
 * How a source is replayed.
 *
 * @param selection which samples
 * @param shuffleBuffer samples among which the next one is drawn; 1 keeps the stored order within
 *     shards
 * @param seed decides the order
 * @param threads that read and decode, at least 1
 * @param prefetch samples decoded ahead, at least 1; bounds the memory
 */
public record ReplaySettings(
    Selection selection, int shuffleBuffer, long seed, int threads, int prefetch) {

  /** Checks the ranges. */
  public ReplaySettings {
    check("shuffle_buffer", shuffleBuffer, 10_000_000);
    check("threads", threads, 1024);
    check("prefetch", prefetch, 100_000);
  }

  private static void check(String key, int value, int most) {
    if (value < 1 || value > most) {
      throw new UserError(key + ": " + value + ", allowed: 1.." + most);
    }
  }
}
