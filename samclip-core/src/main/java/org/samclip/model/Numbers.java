package org.samclip.model;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.samclip.checkpoint.Printable;

/** Sizes and lists of names in tables for people. */
final class Numbers {

  private static final int SHOWN = 10;

  private Numbers() {}

  static String bytes(long bytes) {
    return bytes < 1_000_000
        ? String.format(Locale.ROOT, "%.1f kB", bytes / 1e3)
        : String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
  }

  static String list(List<String> names) {
    String shown = names.stream().limit(SHOWN).map(Printable::of).collect(Collectors.joining(", "));
    return names.size() > SHOWN
        ? names.size() + ": " + shown + ", and " + (names.size() - SHOWN) + " more"
        : names.size() + ": " + shown;
  }
}
