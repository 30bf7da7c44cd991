package org.samclip.eval.metric;

import java.util.Arrays;

/** How many ranks fell below each of some limits k. */
final class HitCounts {

  private final int[] ks;
  private final long[] hits;
  private long count;

  HitCounts(int... ks) {
    if (ks.length == 0 || Arrays.stream(ks).anyMatch(k -> k < 1)) {
      throw new IllegalArgumentException(
          "k must be at least 1, and there must be one: " + Arrays.toString(ks));
    }
    this.ks = ks.clone();
    this.hits = new long[ks.length];
  }

  void add(int[] ranks) {
    for (int rank : ranks) {
      for (int i = 0; i < ks.length; i++) {
        if (rank < ks[i]) {
          hits[i]++;
        }
      }
    }
    count += ranks.length;
  }

  long count() {
    return count;
  }

  double share(int k) {
    for (int i = 0; i < ks.length; i++) {
      if (ks[i] == k) {
        return (double) hits[i] / count;
      }
    }
    throw new IllegalArgumentException("k = " + k + " was not counted: " + Arrays.toString(ks));
  }
}
