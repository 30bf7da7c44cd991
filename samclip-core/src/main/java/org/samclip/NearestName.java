package org.samclip;

import java.util.Collection;
import java.util.Locale;

/** Finds the name a user may have meant. */
public final class NearestName {

  /** Names compared at most: the hint is a courtesy and must not take seconds. */
  private static final int MAX_CANDIDATES = 5_000;

  /** Longer names get no hint: the comparison takes the product of both lengths. */
  private static final int MAX_LENGTH = 256;

  private NearestName() {}

  /**
   * @param name what was asked for
   * @param candidates what there is
   * @return the nearest name, or null when nothing is near
   */
  public static String of(String name, Collection<String> candidates) {
    if (name.length() > MAX_LENGTH) {
      return null;
    }
    String best = null;
    int bestDistance = Math.max(2, name.length() / 3) + 1;
    int left = MAX_CANDIDATES;
    for (String candidate : candidates) {
      if (left-- == 0) {
        break;
      }
      if (Math.abs(candidate.length() - name.length()) < bestDistance) {
        int distance = distance(name.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
        if (distance < bestDistance) {
          bestDistance = distance;
          best = candidate;
        }
      }
    }
    return best;
  }

  /**
   * @param name what was asked for
   * @param candidates what there is
   * @return {@code " Did you mean 'X'?"}, or empty when nothing is near
   */
  public static String hint(String name, Collection<String> candidates) {
    String nearest = of(name, candidates);
    return nearest == null ? "" : " Did you mean '" + nearest + "'?";
  }

  /** Levenshtein distance. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int substitute = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substitute, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
