package org.samclip.checkpoint;

import java.util.Collection;
import org.samclip.NearestName;

/** Makes text from an untrusted file fit for a message: short, and without control characters. */
public final class Printable {

  private static final int MAX_LENGTH = 200;

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
   * @param name what was asked for
   * @param candidates names found in a file
   * @return {@code " (did you mean X?)"}, or empty when nothing is near
   */
  public static String hint(String name, Collection<String> candidates) {
    String nearest = NearestName.of(name, candidates);
    return nearest == null ? "" : " (did you mean " + of(nearest) + "?)";
  }
}
