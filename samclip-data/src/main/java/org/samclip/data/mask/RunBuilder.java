package org.samclip.data.mask;

import java.util.Arrays;

/** Collects runs of zeros and ones into canonical counts: zeros first, no empty run after that. */
final class RunBuilder {

  private int[] counts = new int[16];
  private int size = 1;

  void add(boolean inside, int length) {
    boolean current = size % 2 == 0;
    if (inside != current) {
      if (size == counts.length) {
        counts = Arrays.copyOf(counts, 2 * size);
      }
      size++;
    }
    counts[size - 1] += length;
  }

  int[] counts() {
    return Arrays.copyOf(counts, size);
  }
}
