package org.samclip.train.run;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Whether the terms of what goes into a merge allow the licence that is declared for what comes
 * out. A reminder for people, by the names of licences alone; no advice.
 */
final class LicenceCheck {

  /** Licences that ask for attribution at most. */
  private static final Set<String> PERMISSIVE =
      Set.of(
          "apache-2.0",
          "mit",
          "mit-0",
          "bsd-2-clause",
          "bsd-3-clause",
          "isc",
          "cc0-1.0",
          "unlicense",
          "cc-by-3.0",
          "cc-by-4.0",
          "ofl-1.1");

  private static final Pattern NOT_COMMERCIAL =
      Pattern.compile("(^|[^a-z])nc([^a-z]|$)|non-?commercial|research");

  private static final Pattern SAME_AGAIN =
      Pattern.compile("(^|[^a-z])sa([^a-z]|$)|gpl|share-?alike");

  private LicenceCheck() {}

  /**
   * @param declared licence of the merged model; null: none is declared
   * @param terms licences of what goes in, by its name; empty where the files state none
   * @return what does not fit, one sentence each
   */
  static List<String> problems(String declared, Map<String, String> terms) {
    List<String> problems = new ArrayList<>();
    if (declared == null) {
      return problems;
    }
    String out = declared.strip().toLowerCase(Locale.ROOT);
    for (Map.Entry<String, String> entry : terms.entrySet()) {
      String in = entry.getValue().strip().toLowerCase(Locale.ROOT);
      if (in.equals(out) || PERMISSIVE.contains(in)) {
        continue;
      }
      String subject = "licence: " + declared + " is declared, but " + entry.getKey();
      if (in.isEmpty()) {
        problems.add(subject + " states no terms; look them up and give teachers.*.licence");
      } else if (NOT_COMMERCIAL.matcher(in).find() && !NOT_COMMERCIAL.matcher(out).find()) {
        problems.add(subject + " is not for commercial use (" + entry.getValue() + ")");
      } else if (SAME_AGAIN.matcher(in).find()) {
        problems.add(
            subject + " may only be passed on under its own terms (" + entry.getValue() + ")");
      } else {
        problems.add(
            subject
                + " has terms of its own ("
                + entry.getValue()
                + "): read whether they allow it");
      }
    }
    return problems;
  }
}
