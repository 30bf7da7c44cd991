package org.samclip.clip;

import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What open_clip does to a text before it is split into tokens (tokenizer.py {@code _clean_lower}):
 * it is repaired as ftfy does, HTML entities are resolved twice, white space becomes single spaces,
 * letters become lower case.
 */
final class TextCleaning {

  /** What Python's {@code str.split} splits at: Unicode's white space and four separators. */
  private static final Pattern WHITE_SPACE =
      Pattern.compile("[\\s\\x1c-\\x1f]+", Pattern.UNICODE_CHARACTER_CLASS);

  private TextCleaning() {}

  static String clean(String text) {
    String plain = HtmlEntities.unescape(HtmlEntities.unescape(TextRepair.repair(text)));
    return WHITE_SPACE.matcher(plain).replaceAll(" ").strip().toLowerCase(Locale.ROOT);
  }
}
