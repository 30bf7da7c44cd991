package org.samclip.data.prepare;

import java.util.Arrays;
import org.samclip.data.replay.KeyHash;

/** Keys as 64-bit hashes, 8 bytes each, so that tens of millions can be compared in memory. */
final class KeyTally {

  private long[] hashes = new long[1024];
  private int size;

  void add(String key) {
    if (size == hashes.length) {
      hashes = Arrays.copyOf(hashes, Math.max(size, size + (size >> 1)));
    }
    hashes[size++] = KeyHash.of("tally", key);
  }

  int size() {
    return size;
  }

  /** How far two tallies agree from their beginning on. */
  int sameUpTo(KeyTally other) {
    int at = Arrays.mismatch(hashes, 0, size, other.hashes, 0, other.size);
    return at < 0 ? size : at;
  }

  /** The hashes in ascending order; nothing can be added to them. */
  long[] sorted() {
    long[] sorted = Arrays.copyOf(hashes, size);
    Arrays.sort(sorted);
    return sorted;
  }

  /** How often a value stands in a sorted array. */
  static int count(long[] sorted, long value) {
    int at = Arrays.binarySearch(sorted, value);
    if (at < 0) {
      return 0;
    }
    int from = at;
    while (from > 0 && sorted[from - 1] == value) {
      from--;
    }
    int to = at + 1;
    while (to < sorted.length && sorted[to] == value) {
      to++;
    }
    return to - from;
  }
}
