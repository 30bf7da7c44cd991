package org.samclip.checkpoint;

/** Makes text from an untrusted file fit for a message: short, and without control characters. */
final class Printable {

  private static final int MAX_LENGTH = 200;

  private Printable() {}

  static String of(String text) {
    String shown = text.length() > MAX_LENGTH ? text.substring(0, MAX_LENGTH) + "..." : text;
    return shown.replaceAll("\\p{C}", "?");
  }
}
