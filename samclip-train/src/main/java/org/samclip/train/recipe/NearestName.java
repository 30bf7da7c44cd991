package org.samclip.train.recipe;

import java.util.Collection;
import java.util.Locale;

/** Finds the name a user probably meant. */
public final class NearestName {

  private NearestName() {}

  /**
   * The candidate with the least Levenshtein distance, or null when none is near: at most a third
   * of the letters may differ, at least two.
   *
   * @param name what was written
   * @param candidates what is allowed
   */
  public static String of(String name, Collection<String> candidates) {
    String nearest = null;
    int least = Math.max(2, name.length() / 3) + 1;
    for (String candidate : candidates) {
      int distance = distance(name.toLowerCase(Locale.ROOT), candidate.toLowerCase(Locale.ROOT));
      if (distance < least) {
        least = distance;
        nearest = candidate;
      }
    }
    return nearest;
  }

  /** The hint as a sentence with a space before it, or nothing. */
  static String hint(String name, Collection<String> candidates) {
    String nearest = of(name, candidates);
    return nearest == null ? "" : " Did you mean '" + nearest + "'?";
  }

  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substitution = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(substitution, Math.min(row[j - 1], row[j]) + 1);
      }
    }
    return row[b.length()];
  }
}
