package org.samclip.checkpoint;

import java.util.Collection;
import java.util.stream.Collectors;
import org.samclip.NearestName;

/** Makes text from an untrusted file fit for a message: short, and without control characters. */
public final class Printable {

  private static final int MAX_LENGTH = 200;

  /** Names of a list that are shown. */
  private static final int SHOWN = 5;

  private Printable() {}

  /**
   * @param text from a file
   * @return its start, with control characters as question marks
   */
  public static String of(String text) {
    String shown = text.length() > MAX_LENGTH ? text.substring(0, MAX_LENGTH) + "..." : text;
    return shown.replaceAll("\\p{C}", "?");
  }

  /**
   * @param names from a file
   * @return the first few, and how many more there are
   */
  public static String list(Collection<String> names) {
    String shown = names.stream().limit(SHOWN).map(Printable::of).collect(Collectors.joining(", "));
    return names.size() > SHOWN ? shown + ", and " + (names.size() - SHOWN) + " more" : shown;
  }

  /**
   * @param name what was asked for
   * @param candidates names found in a file
   * @return {@code " (did you mean X?)"}, or empty when nothing is near
   */
  public static String hint(String name, Collection<String> candidates) {
    String nearest = NearestName.of(name, candidates);
    return nearest == null ? "" : " (did you mean " + of(nearest) + "?)";
  }
}
