package org.samclip.data.replay;

import java.util.Arrays;

/** Keys as 64-bit hashes, 8 bytes each, so that tens of millions can be compared in memory. */
public final class KeyTally {

  private long[] hashes = new long[1024];
  private int size;

  /**
   * Counts a key.
   *
   * @param key any
   */
  public void add(String key) {
    add(KeyHash.of("tally", key));
  }

  private void add(long hash) {
    if (size == hashes.length) {
      hashes = Arrays.copyOf(hashes, size + (size >> 1));
    }
    hashes[size++] = hash;
  }

  /**
   * Counts the keys of another tally.
   *
   * @param other stays as it is
   */
  public void addAll(KeyTally other) {
    for (int i = 0; i < other.size; i++) {
      add(other.hashes[i]);
    }
  }

  /** Keys counted. */
  public int size() {
    return size;
  }

  /**
   * How far two tallies agree from their beginning on.
   *
   * @param other another one
   * @return how many keys are the same in the same order
   */
  public int sameUpTo(KeyTally other) {
    int at = Arrays.mismatch(hashes, 0, size, other.hashes, 0, other.size);
    return at < 0 ? size : at;
  }

  /** Different keys that were counted more than once. */
  public long repeated() {
    long[] sorted = sorted();
    long repeated = 0;
    for (int i = 1; i < sorted.length; i++) {
      boolean first = i < 2 || sorted[i - 2] != sorted[i];
      repeated += sorted[i] == sorted[i - 1] && first ? 1 : 0;
    }
    return repeated;
  }

  /** A copy of the hashes in ascending order. */
  public long[] sorted() {
    long[] sorted = Arrays.copyOf(hashes, size);
    Arrays.sort(sorted);
    return sorted;
  }

  /**
   * How often a value stands in a sorted array.
   *
   * @param sorted ascending
   * @param value any
   * @return 0 or more
   */
  public static int count(long[] sorted, long value) {
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
