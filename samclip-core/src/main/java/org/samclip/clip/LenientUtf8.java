package org.samclip.clip;

import java.util.stream.Stream;

/**
 * UTF-8 that went through a wrong encoding and may have lost something on the way: a no-break space
 * (byte A0) that became a plain one, or bytes that became U+FFFD. Surrogates and zeros in the ways
 * of other programs (CESU-8, Java) are read as well.
 */
final class LenientUtf8 {

  /** What a lost byte is written as, here and in ftfy. */
  static final int LOST = 0x1a;

  private static final int SPACE = 0x20;
  private static final int NO_BREAK_SPACE = 0xa0;
  private static final char REPLACEMENT = '\ufffd';

  /** First bytes for which a space as the second of two is likely a no-break space. */
  private static final String BEFORE_SPACE = "\u00c2\u00c3\u00c5\u00ce\u00d0\u00d9";

  private final int[] bytes;
  private final boolean lossy;
  private final StringBuilder out = new StringBuilder();

  private LenientUtf8(int[] bytes, boolean lossy) {
    this.bytes = bytes;
    this.lossy = lossy;
  }

  /**
   * @param bytes 0 to 255
   * @param lossy whether {@link #LOST} and question marks may stand for bytes
   * @return the text, or null if it is not UTF-8
   */
  static String decode(int[] bytes, boolean lossy) {
    return new LenientUtf8(bytes, lossy).run();
  }

  private String run() {
    int at = 0;
    while (at < bytes.length) {
      int length = next(at);
      if (length == 0) {
        return null;
      }
      at += length;
    }
    return out.toString();
  }

  /** How many bytes the next character has; 0 if there is none. */
  private int next(int at) {
    int lead = bytes[at];
    if (lead < 0x80) {
      out.append(lossy && lead == LOST ? REPLACEMENT : (char) lead);
      return 1;
    }
    if (lead == 0xc3 && at + 1 < bytes.length && bytes[at + 1] == SPACE && !goesOn(at + 2)) {
      out.append("\u00e0 "); // a word of its own: of the two spaces behind it one was left
      return 2;
    }
    int length = length(lead);
    if (length == 0 || at + length > bytes.length) {
      return 0;
    }
    int code = code(at, length);
    if (Character.isBmpCodePoint(code) && Character.isHighSurrogate((char) code)) {
      int low = at + 6 <= bytes.length && bytes[at + 3] == lead ? code(at + 3, 3) : -1;
      if (low < 0 || !Character.isLowSurrogate((char) low)) {
        return 0;
      }
      out.append((char) code).append((char) low);
      return 6;
    }
    if (code >= 0 && !(Character.isBmpCodePoint(code) && Character.isSurrogate((char) code))) {
      out.appendCodePoint(code);
      return length;
    }
    if (lossy && isLossy(at, length)) {
      out.append(REPLACEMENT);
      return length;
    }
    return 0;
  }

  private static int length(int lead) {
    if (lead == 0xc0 || lead >= 0xc2 && lead <= 0xdf) {
      return 2; // C0 only as Java writes zero
    }
    if (lead >= 0xe0 && lead <= 0xef) {
      return 3;
    }
    return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
  }

  /** Whether an a with grave accent is not a whole word: another space, or a word in Portuguese. */
  private boolean goesOn(int at) {
    return Stream.of(" ", "s ", "quele", "quela", "quilo").anyMatch(text -> startsWith(text, at));
  }

  private boolean startsWith(String text, int at) {
    for (int i = 0; i < text.length(); i++) {
      if (at + i >= bytes.length || bytes[at + i] != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** The code point of a sequence, or -1. */
  private int code(int at, int length) {
    int code = bytes[at] & (0xff >> length + 1);
    boolean spaced = false;
    for (int i = 1; i < length; i++) {
      int b = bytes[at + i];
      if (b == SPACE && !spaced && mayBeNoBreakSpace(at, i, length)) {
        spaced = true;
        b = NO_BREAK_SPACE;
      }
      if (!isContinuation(b)) {
        return -1;
      }
      code = code << 6 | b & 0x3f;
    }
    if (bytes[at] == 0xc0) {
      return code == 0 ? 0 : -1;
    }
    int smallest = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000;
    return code >= smallest && code <= Character.MAX_CODE_POINT ? code : -1;
  }

  /** Only where a no-break space would give a likely character: ftfy's choice. */
  private boolean mayBeNoBreakSpace(int at, int place, int length) {
    int lead = bytes[at];
    return switch (length) {
      case 2 -> BEFORE_SPACE.indexOf(lead) >= 0;
      case 3 -> {
        int other = bytes[at + 3 - place];
        boolean leads = lead <= 0xe3 && (place == 2 || lead >= 0xe2);
        yield leads && isContinuation(other) && other != 0x85 && other != NO_BREAK_SPACE;
      }
      default -> lead == 0xf0;
    };
  }

  private boolean isLossy(int at, int length) {
    int lost = 0;
    int questions = 0;
    for (int i = 1; i < length; i++) {
      int b = bytes[at + i];
      if (b == LOST) {
        lost++;
      } else if (b == '?') {
        questions++;
      } else if (!isContinuation(b)) {
        return false;
      }
    }
    int lead = bytes[at];
    boolean questionsFit =
        questions == 0 || questions == 1 && (length > 2 || lead == 0xc2 || lead == 0xc3);
    return lead != 0xc0 && lost + questions > 0 && questionsFit;
  }

  private static boolean isContinuation(int b) {
    return b >= 0x80 && b < 0xc0;
  }
}
