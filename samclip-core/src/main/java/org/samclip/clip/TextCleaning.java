package org.samclip.clip;

import java.util.Locale;
import java.util.regex.Pattern;
import org.jsoup.parser.Parser;

/**
 * What open_clip does to a text before it is split into tokens (tokenizer.py {@code _clean_lower}):
 * HTML entities are resolved twice, white space becomes single spaces, letters become lower case.
 * Its first step, the repair of wrongly decoded text by ftfy, is left out.
 */
final class TextCleaning {

  /** What Python's {@code str.split} splits at: Unicode's white space and four separators. */
  private static final Pattern WHITE_SPACE =
      Pattern.compile("[\\s\\x1c-\\x1f]+", Pattern.UNICODE_CHARACTER_CLASS);

  private TextCleaning() {}

  static String clean(String text) {
    String unescaped = Parser.unescapeEntities(Parser.unescapeEntities(text, false), false);
    return WHITE_SPACE.matcher(unescaped).replaceAll(" ").strip().toLowerCase(Locale.ROOT);
  }
}
