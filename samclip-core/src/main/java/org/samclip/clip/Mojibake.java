package org.samclip.clip;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.IntUnaryOperator;

/**
 * Text in UTF-8 that was read as Latin-1 or Windows-1252 ({@code cafÃ©}), perhaps several times,
 * and how it was meant. Text that is fine can look like this as well ({@code MARQUÉ…}); only where
 * characters stand together that hardly anyone writes together is anything changed. What those are
 * is ftfy's judgement, as its package {@code ftfy.badness} documents it, for the characters of
 * these two encodings; its other encodings, such as Mac Roman, are not repaired here.
 */
final class Mojibake {

  /** Of characters that UTF-8 gives in the two encodings, by how people use them. */
  private enum Kind {
    CONTROL,
    RARE,
    LAW,
    MONEY,
    OPENING,
    CLOSING,
    NUMBER,
    UPPER,
    LOWER,
    COMMON,
    SMALL_FOREIGN,
    NONE
  }

  private static final Map<Character, Kind> KINDS = new HashMap<>();

  static {
    put(Kind.RARE, "¦¤¨¬¯¸ƒˆ˜†‡‰ªº\ufffd");
    put(Kind.LAW, "¶§");
    put(Kind.MONEY, "¢£¥€");
    put(Kind.OPENING, "¡«¿©‘‚“„•‹");
    put(Kind.CLOSING, "®»”›™");
    put(Kind.NUMBER, "²³¹±¼½¾×µ÷");
    put(Kind.UPPER, "ØÜÝŒŠŽŸ"); // and the letters up to Ñ
    put(Kind.LOWER, "ßüœšž"); // and the letters up to ñ
    put(Kind.COMMON, "\u00a0\u00ad·´–—…’");
  }

  /** What hardly follows a kind. */
  private static final Map<Kind, Set<Kind>> ODD = new EnumMap<>(Kind.class);

  static {
    Set<Kind> marks =
        EnumSet.of(
            Kind.LOWER, Kind.UPPER, Kind.OPENING, Kind.CLOSING, Kind.MONEY, Kind.NUMBER, Kind.LAW);
    marks.forEach(kind -> ODD.put(kind, EnumSet.of(Kind.RARE)));
    ODD.put(Kind.RARE, EnumSet.copyOf(marks));
    ODD.get(Kind.RARE).add(Kind.RARE);
    for (Kind kind : EnumSet.of(Kind.LOWER, Kind.CLOSING, Kind.MONEY, Kind.NUMBER)) {
      ODD.get(kind).add(Kind.UPPER);
    }
    for (Kind kind : EnumSet.of(Kind.CLOSING, Kind.MONEY, Kind.NUMBER)) {
      ODD.get(kind).add(Kind.LOWER);
    }
    for (Kind kind : EnumSet.of(Kind.LOWER, Kind.CLOSING)) {
      ODD.get(kind).add(Kind.MONEY);
    }
    ODD.get(Kind.UPPER).addAll(EnumSet.of(Kind.NUMBER, Kind.LAW));
    for (Kind kind : EnumSet.of(Kind.MONEY, Kind.NUMBER)) {
      ODD.get(kind).add(Kind.OPENING);
    }
    ODD.put(Kind.SMALL_FOREIGN, EnumSet.of(Kind.UPPER));
  }

  /** Of continuing bytes in Windows-1257: what they touch is not taken for part of the mojibake. */
  private static final String BALTIC = "ÆØæø";

  private static final Set<Kind> LETTERS = EnumSet.of(Kind.LOWER, Kind.UPPER);
  private static final Set<Kind> QUOTES = EnumSet.of(Kind.OPENING, Kind.CLOSING);

  /** First bytes of the commonest characters of two bytes, and what then is hardly meant. */
  private static final String MANGLED = "ÂÃÎÐ";

  private static final String BEHIND_MANGLED = "€œŠš¢£Ÿž\u00a0\u00ad®©°·»–—´";
  private static final String ARABIC = "ØÙ";
  private static final String BEHIND_ARABIC = "ŸŠ®°µ»";
  private static final String BEHIND_INDIC = "²µ¹¼½¾";

  /** Characters of continuing bytes that often stand for themselves beside mojibake. */
  private static final String PUNCTUATION = "‘’‚“”„–—•…";

  /** Each repair makes a text shorter, or takes control characters out; no sound text gets here. */
  private static final int MAX_REPAIRS = 100;

  private Mojibake() {}

  private static void put(Kind kind, String characters) {
    characters.chars().forEach(c -> KINDS.put((char) c, kind));
  }

  /**
   * @param text any text
   * @return as it was meant
   */
  static String repair(String text) {
    String current = text;
    for (int i = 0; i < MAX_REPAIRS; i++) {
      String repaired = once(current);
      if (repaired.equals(current)) {
        return current;
      }
      current = repaired;
    }
    return current;
  }

  private static String once(String text) {
    if (!isOdd(text)) {
      return text;
    }
    String decoded = decode(text, c -> c < 0x100 ? c : -1, false);
    if (decoded == null) {
      decoded = decode(text, Mojibake::windowsByte, true);
    }
    if (decoded == null) {
      decoded = repairParts(text);
    }
    return decoded.equals(text) ? withoutControls(text) : decoded;
  }

  private static String decode(String text, IntUnaryOperator toByte, boolean lossy) {
    int[] bytes = text.chars().map(toByte).toArray();
    return Arrays.stream(bytes).anyMatch(b -> b < 0) ? null : LenientUtf8.decode(bytes, lossy);
  }

  private static int windowsByte(int c) {
    if (c == LenientUtf8.LOST) {
      return -1; // a control character, which is not to be taken for a lost one
    }
    return c == '\ufffd' ? LenientUtf8.LOST : Windows1252.byteOf((char) c);
  }

  /** Where only some of a text is mojibake: each stretch of what would be UTF-8 for itself. */
  private static String repairParts(String text) {
    StringBuilder result = new StringBuilder(text.length());
    int at = 0;
    while (at < text.length()) {
      boolean inside = at > 0 && isContinuation(text.charAt(at - 1), PUNCTUATION + " ");
      int end = inside ? at : endOfSequences(text, at);
      if (end == at) {
        result.append(text.charAt(at++));
      } else {
        String part = text.substring(at, end);
        result.append(part.length() < text.length() ? repair(part) : part);
        at = end;
      }
    }
    return result.toString();
  }

  private static int endOfSequences(String text, int start) {
    int end = start;
    while (end < text.length()) {
      char lead = text.charAt(end);
      int more =
          lead >= 0xc2 && lead <= 0xdf
              ? 1
              : lead >= 0xe0 && lead <= 0xef ? 2 : lead == 0xf0 || lead == 0xf3 ? 3 : 0;
      if (more == 0 || end + more >= text.length()) {
        return end;
      }
      for (int i = 1; i <= more; i++) {
        if (!isContinuation(text.charAt(end + i), "")) {
          return end;
        }
      }
      end += 1 + more;
    }
    return end;
  }

  /** Whether a byte that continues a sequence gives it; a space may have been a no-break space. */
  private static boolean isContinuation(char c, String except) {
    int b = c < 0xc0 ? c : Windows1252.byteOf(c);
    return (c == ' ' || b >= 0x80 && b < 0xc0 || has(BALTIC, c)) && except.indexOf(c) < 0;
  }

  private static boolean isOdd(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= 0x80 && isOdd(text, i)) {
        return true;
      }
    }
    return false;
  }

  /** Whether something odd has this character as its first that is not ASCII. */
  private static boolean isOdd(String text, int at) {
    char c = text.charAt(at);
    Kind kind = kind(text, at);
    Kind next = kind(text, at + 1);
    Kind third = kind(text, at + 2);
    return kind == Kind.CONTROL
        || ODD.getOrDefault(kind, Set.of()).contains(next)
        || kind == Kind.UPPER && isOddUpper(text, at, next)
        || isOddQuote(text, at, kind, next, third)
        || isMangled(text, at, c, next);
  }

  /** A capital letter inside or before a word, with what does not belong into words behind it. */
  private static boolean isOddUpper(String text, int at, Kind next) {
    char before = charAt(text, at - 1);
    return next == Kind.MONEY && (isSpace(before) || isSmall(before))
        || next == Kind.OPENING && isSmall(before)
        || charAt(text, at + 1) == '°';
  }

  /** Quotes and the like on the wrong side of what they belong to. */
  private static boolean isOddQuote(String text, int at, Kind kind, Kind next, Kind third) {
    boolean written = LETTERS.contains(kind) || kind == Kind.MONEY;
    return next == Kind.OPENING && third == Kind.NUMBER && (written || kind == Kind.CLOSING)
        || next == Kind.CLOSING
            && third == Kind.OPENING
            && (written || kind == Kind.NUMBER || kind == Kind.LAW)
        || LETTERS.contains(kind) && QUOTES.contains(next) && isWord(text, at + 2);
  }

  /** What frequent characters of other languages look like, though each could be meant. */
  private static boolean isMangled(String text, int at, char c, Kind next) {
    char second = charAt(text, at + 1);
    char before = charAt(text, at - 1);
    return switch (c) {
      case 'Œ', 'œ' -> at + 1 < text.length() && !isSmall(Character.toLowerCase(second));
      case '×' -> second == '²' || second == '³';
      case 'à' -> has(BEHIND_INDIC, second);
      case 'Ø', 'Ù' ->
          isArabic(text, at + 1) && has(ARABIC, charAt(text, at + 2)) && isArabic(text, at + 3);
      default ->
          has(MANGLED, c) && (has(BEHIND_MANGLED, second) || QUOTES.contains(next))
              || (c == 'Ã' || c == 'Â')
                  && second == ' '
                  && (at == 0
                      || isSmall(before)
                      || isSpace(before) && isSmall(charAt(text, at - 2)))
              || c == 'Â'
                  && second == ' '
                  && (has(".,?!", before) || kind(text, at - 1) == Kind.CLOSING);
    };
  }

  private static boolean isArabic(String text, int at) {
    return switch (kind(text, at)) {
      case COMMON, MONEY, RARE, NUMBER, OPENING -> true;
      default -> has(BEHIND_ARABIC, charAt(text, at));
    };
  }

  private static Kind kind(String text, int at) {
    char c = charAt(text, at);
    if (c < 0x80) {
      return Kind.NONE;
    }
    if (c < 0xa0) {
      return Kind.CONTROL;
    }
    if (c >= 'À' && c <= 'Ñ') {
      return Kind.UPPER;
    }
    if (c >= 'à' && c <= 'ñ') {
      return Kind.LOWER;
    }
    boolean foreign = c >= 'α' && c <= 'ω' || c >= 'а' && c <= 'џ'; // Greek, Cyrillic
    return foreign ? Kind.SMALL_FOREIGN : KINDS.getOrDefault(c, Kind.NONE);
  }

  /** Zero outside of the text. */
  private static char charAt(String text, int at) {
    return at < 0 || at >= text.length() ? 0 : text.charAt(at);
  }

  private static boolean has(String characters, char c) {
    return c != 0 && characters.indexOf(c) >= 0;
  }

  private static boolean isSmall(char c) {
    return c >= 'a' && c <= 'z';
  }

  private static boolean isSpace(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
  }

  /** Letters, numbers of any kind, the underscore. */
  private static boolean isWord(String text, int at) {
    if (at >= text.length()) {
      return false;
    }
    int c = text.codePointAt(at);
    return Character.isLetterOrDigit(c)
        || Character.getType(c) == Character.LETTER_NUMBER
        || Character.getType(c) == Character.OTHER_NUMBER
        || c == '_';
  }

  /** Control characters of Latin-1 as the characters of Windows-1252 with the same bytes. */
  static String withoutControls(String text) {
    StringBuilder result = new StringBuilder(text.length());
    text.chars().forEach(c -> result.append(Windows1252.character(c)));
    return result.toString();
  }
}
