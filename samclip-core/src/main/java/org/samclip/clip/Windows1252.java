package org.samclip.clip;

import java.nio.charset.Charset;
import java.util.HashMap;
import java.util.Map;

/**
 * Windows-1252 as browsers read it: its five bytes without a character are the control characters
 * of the same number, as in Latin-1.
 */
final class Windows1252 {

  private static final int FIRST = 0x80;
  private static final int END = 0xa0;
  private static final char[] CHARACTERS = new char[END - FIRST];
  private static final Map<Character, Integer> BYTES = new HashMap<>();

  static {
    Charset charset = Charset.forName("windows-1252");
    for (int b = FIRST; b < END; b++) {
      char c = new String(new byte[] {(byte) b}, charset).charAt(0);
      CHARACTERS[b - FIRST] = c == '\ufffd' ? (char) b : c;
      BYTES.put(CHARACTERS[b - FIRST], b);
    }
  }

  private Windows1252() {}

  /**
   * @param b a byte, 0 to 255
   * @return its character
   */
  static char character(int b) {
    return b >= FIRST && b < END ? CHARACTERS[b - FIRST] : (char) b;
  }

  /**
   * @param c any character
   * @return its byte, or -1
   */
  static int byteOf(char c) {
    if (c < FIRST || c >= END && c < 0x100) {
      return c;
    }
    return BYTES.getOrDefault(c, -1);
  }
}
