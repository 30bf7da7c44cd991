package org.samclip.clip;

import java.text.Normalizer;
import java.util.regex.Pattern;

/**
 * ftfy's repair of texts, {@code ftfy.fix_text} with its defaults, which is open_clip's first step:
 * HTML's references, wrongly decoded text ({@link Mojibake}), ligatures, full-width forms, curly
 * quotes, line breaks, control characters, composed accents (NFC).
 */
final class TextRepair {

  /** Two letters that Unicode keeps as one for the sake of old encodings and typesetting. */
  private static final String LIGATURES = "ĲĳŉǄǅǆǇǈǉǊǋǌǱǲǳﬀﬁﬂﬃﬄﬅﬆ";

  private static final char FIRST_WIDE = '\uff01';
  private static final char LAST_WIDE = '\uffef';

  private static final Pattern LINE_BREAK = Pattern.compile("\r\n|[\r\u2028\u2029\u0085]");
  private static final Pattern TERMINAL = Pattern.compile("\u001b\\[[0-9;]*[a-zA-Z]");
  private static final Pattern CONTROL =
      Pattern.compile("[\\x00-\\x08\\x0b\\x0e-\\x1f\\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]");

  /** Far more rounds than any text needs until nothing changes. */
  private static final int MAX_ROUNDS = 100;

  private TextRepair() {}

  /**
   * @param text any text
   * @return the same, repaired line by line; from a line with {@code <} on, references stay
   */
  static String repair(String text) {
    StringBuilder result = new StringBuilder(text.length());
    boolean references = true;
    int start = 0;
    while (start < text.length()) {
      int end = text.indexOf('\n', start) + 1;
      String line = end == 0 ? text.substring(start) : text.substring(start, end);
      references &= line.indexOf('<') < 0; // else it may be HTML, where they belong
      result.append(line(line, references));
      start += line.length();
    }
    return result.toString();
  }

  private static String line(String line, boolean references) {
    String current = line;
    for (int i = 0; i < MAX_ROUNDS; i++) {
      String text = references ? HtmlEntities.unescapeWhole(current) : current;
      text = Mojibake.withoutControls(Mojibake.repair(text));
      text = characters(text);
      text = LINE_BREAK.matcher(text).replaceAll("\n");
      text = TERMINAL.matcher(text).replaceAll("");
      text = CONTROL.matcher(text).replaceAll("");
      text = Normalizer.normalize(text, Normalizer.Form.NFC);
      if (text.equals(current)) {
        return text;
      }
      current = text;
    }
    return current;
  }

  /** Characters that have another standard form, each for itself. */
  private static String characters(String text) {
    StringBuilder result = new StringBuilder(text.length());
    text.codePoints().forEach(c -> append(result, c));
    return result.toString();
  }

  private static void append(StringBuilder result, int c) {
    if (c < 0x80) {
      result.append((char) c);
    } else if (c == '\u02bc' || c >= '\u2018' && c <= '\u201b') {
      result.append('\'');
    } else if (c >= '\u201c' && c <= '\u201f') {
      result.append('"');
    } else if (c == '\ufb05') {
      result.append("\u017ft"); // with a long s, which NFKC would replace, too
    } else if (c == '\u3000' || c >= FIRST_WIDE && c <= LAST_WIDE || LIGATURES.indexOf(c) >= 0) {
      result.append(Normalizer.normalize(Character.toString(c), Normalizer.Form.NFKC));
    } else if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
      result.append('\ufffd'); // half of a pair
    } else {
      result.appendCodePoint(c);
    }
  }
}
