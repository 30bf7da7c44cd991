package org.samclip.data.replay;

import org.samclip.UserError;

/**
 * One of several processes that share a stream. Samples are dealt to the ranks in turn from the one
 * order that all of them know, so it does not matter how many shards there are or how uneven.
 *
 * @param index which one, from 0
 * @param count how many, at least 1
 */
public record Rank(int index, int count) {

  /** A process of its own. */
  public static final Rank ONLY = new Rank(0, 1);

  /** Checks the ranges. */
  public Rank {
    if (count < 1 || count > 100_000) {
      throw new UserError("ranks: " + count + ", allowed: 1..100000");
    }
    if (index < 0 || index >= count) {
      throw new UserError("rank: " + index + " of " + count + ", allowed: 0.." + (count - 1));
    }
  }
}
