package org.samclip.clip;

import java.util.Locale;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jsoup.nodes.Entities;

/**
 * HTML's character references as Python reads them: {@code html.unescape}, which open_clip applies,
 * also takes names without semicolon and as the start of longer words; ftfy takes whole ones only.
 * The names are HTML 5's.
 */
final class HtmlEntities {

  /** The longest name has 32 characters with its semicolon. */
  private static final Pattern ANY =
      Pattern.compile("&(?:#([0-9]+);?|#[xX]([0-9a-fA-F]+);?|([^\\t\\n\\f <&#;]{1,32})(;?))");

  private static final Pattern WHOLE =
      Pattern.compile("&(?:#([0-9]{1,23});|#[xX]([0-9a-fA-F]{1,22});|([0-9A-Za-z]{1,24});)");

  private static final int REPLACEMENT = 0xfffd;

  private HtmlEntities() {}

  /** Python's {@code html.unescape}. */
  static String unescape(String text) {
    return replace(ANY, text, HtmlEntities::any);
  }

  /**
   * Only references that end in a semicolon, and names of lower case that someone wrote in capitals
   * (<code>&amp;EACUTE;</code>).
   */
  static String unescapeWhole(String text) {
    return replace(WHOLE, text, HtmlEntities::whole);
  }

  private static String replace(
      Pattern pattern, String text, Function<MatchResult, String> replacement) {
    return text.indexOf('&') < 0
        ? text
        : pattern
            .matcher(text)
            .replaceAll(found -> Matcher.quoteReplacement(replacement.apply(found)));
  }

  private static String any(MatchResult found) {
    String name = found.group(3);
    if (name == null) {
      return number(found);
    }
    if (!found.group(4).isEmpty() && Entities.isNamedEntity(name)) {
      return Entities.getByName(name);
    }
    for (int end = name.length(); end > 1; end--) {
      String start = name.substring(0, end);
      if (Entities.isBaseNamedEntity(start)) {
        return Entities.getByName(start) + name.substring(end) + found.group(4);
      }
    }
    return found.group();
  }

  private static String whole(MatchResult found) {
    String name = found.group(3);
    if (name == null) {
      String character = number(found);
      return character.equals(";") ? found.group() : character; // the second pass reads it
    }
    if (Entities.isNamedEntity(name)) {
      return Entities.getByName(name);
    }
    String lower = name.toLowerCase(Locale.ROOT);
    boolean inCapitals = name.equals(lower.toUpperCase(Locale.ROOT));
    return inCapitals
            && Entities.isNamedEntity(lower)
            && unescape(found.group()).equals(found.group())
        ? Entities.getByName(lower).toUpperCase(Locale.ROOT)
        : found.group();
  }

  /** A code point; numbers that stand for bytes of Windows-1252 mean these. */
  private static String number(MatchResult found) {
    String digits = found.group(1) != null ? found.group(1) : found.group(2);
    int base = found.group(1) != null ? 10 : 16;
    String significant = digits.replaceFirst("^0+(?=.)", "");
    long code = significant.length() > 8 ? Long.MAX_VALUE : Long.parseLong(significant, base);
    if (code == 0 || code > Character.MAX_CODE_POINT || code >= 0xd800 && code < 0xe000) {
      return Character.toString(REPLACEMENT);
    }
    if (code >= 0x80 && code < 0xa0) {
      return String.valueOf(Windows1252.character((int) code));
    }
    return isNoCharacter((int) code) ? "" : Character.toString((int) code);
  }

  /** Control characters and code points that Unicode will never assign. */
  private static boolean isNoCharacter(int code) {
    return code < 0x20 && code != '\t' && code != '\n' && code != '\f' && code != '\r'
        || code == 0x7f
        || code >= 0xfdd0 && code <= 0xfdef
        || (code & 0xfffe) == 0xfffe;
  }
}
