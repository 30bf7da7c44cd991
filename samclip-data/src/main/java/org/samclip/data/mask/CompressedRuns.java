package org.samclip.data.mask;

import java.util.Arrays;

/**
 * COCO's string form of run lengths: from the fourth count on the difference to the count two
 * before, in groups of 5 bits, low first, bit 5 saying that more follow, plus 48 as a character.
 */
final class CompressedRuns {

  /** 7 groups hold the 33 bits that any difference of two run lengths needs. */
  private static final int MAX_GROUPS = 7;

  private CompressedRuns() {}

  static String write(int[] counts) {
    StringBuilder text = new StringBuilder(counts.length * 2);
    for (int i = 0; i < counts.length; i++) {
      long value = counts[i] - (i > 2 ? (long) counts[i - 2] : 0);
      boolean more = true;
      while (more) {
        int group = (int) (value & 0x1F);
        value >>= 5;
        more = (group & 0x10) != 0 ? value != -1 : value != 0;
        text.append((char) ((more ? group | 0x20 : group) + 48));
      }
    }
    return text.toString();
  }

  /**
   * @param text the string
   * @param pixels pixels of the mask: no count can be larger
   */
  static int[] read(String text, int pixels) {
    int[] counts = new int[Math.max(1, text.length())];
    int size = 0;
    for (int at = 0; at < text.length(); ) {
      long value = 0;
      int groups = 0;
      boolean more = true;
      while (more) {
        if (at == text.length()) {
          throw RunLengthMask.broken("run-length string ends inside a number");
        }
        int group = text.charAt(at) - 48;
        if (group < 0 || group > 0x3F) {
          throw RunLengthMask.broken(
              "run-length string has the character code " + (int) text.charAt(at) + " at " + at);
        }
        if (groups == MAX_GROUPS) {
          throw RunLengthMask.broken("run-length string has a number of too many digits at " + at);
        }
        value |= (long) (group & 0x1F) << 5 * groups;
        groups++;
        at++;
        more = (group & 0x20) != 0;
        if (!more && (group & 0x10) != 0) {
          value |= -1L << 5 * groups;
        }
      }
      if (size > 2) {
        value += counts[size - 2];
      }
      if (value < 0 || value > pixels) {
        throw RunLengthMask.broken(
            "run length " + value + " in a mask of " + pixels + " pixels, allowed: 0.." + pixels);
      }
      counts[size++] = (int) value;
    }
    return Arrays.copyOf(counts, size);
  }
}
