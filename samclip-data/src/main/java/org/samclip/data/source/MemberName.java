package org.samclip.data.source;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.apache.commons.compress.archivers.tar.TarUtils;

/**
 * The name of a tar member as a text. An archive does not say how its names are encoded, and many
 * are not UTF-8; so the bytes are the name, and different bytes give different texts: UTF-8 as it
 * is, any other byte and control characters as {@code \xE9}, and a backslash as two.
 */
public final class MemberName {

  private static final int BLOCK = 512;
  private static final int SIZE = 124;
  private static final int SIZE_LENGTH = 12;
  private static final int TYPE = 156;
  private static final HexFormat HEX = HexFormat.of().withUpperCase();

  private MemberName() {}

  /**
   * A name as a text.
   *
   * @param name its bytes
   * @return a text without control characters, another one for each other name
   */
  public static String text(byte[] name) {
    CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(name);
    CharBuffer decoded = CharBuffer.allocate(name.length);
    StringBuilder text = new StringBuilder(name.length);
    while (true) {
      CoderResult result = utf8.decode(in, decoded, true);
      append(decoded.flip(), text);
      decoded.clear();
      if (!result.isError()) {
        return text.toString();
      }
      for (int i = 0; i < result.length(); i++) {
        escape(in.get(), text);
      }
    }
  }

  private static void append(CharBuffer decoded, StringBuilder text) {
    while (decoded.hasRemaining()) {
      char next = decoded.get();
      if (Character.isISOControl(next)) {
        for (byte one : Character.toString(next).getBytes(StandardCharsets.UTF_8)) {
          escape(one, text);
        }
      } else {
        text.append(next == '\\' ? "\\\\" : next);
      }
    }
  }

  private static void escape(byte one, StringBuilder text) {
    text.append("\\x").append(HEX.toHexDigits(one));
  }

  /**
   * The bytes of a name.
   *
   * @param text what {@link #text} gave; of other texts a backslash that begins no byte stays
   * @return the name
   */
  public static byte[] bytes(String text) {
    ByteArrayOutputStream name = new ByteArrayOutputStream(text.length());
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < utf8.length; i++) {
      boolean escaped = utf8[i] == '\\' && i + 1 < utf8.length;
      if (escaped && utf8[i + 1] == '\\') {
        name.write('\\');
        i++;
      } else if (escaped
          && utf8[i + 1] == 'x'
          && i + 3 < utf8.length
          && HexFormat.isHexDigit(utf8[i + 2])
          && HexFormat.isHexDigit(utf8[i + 3])) {
        name.write(HexFormat.fromHexDigit(utf8[i + 2]) << 4 | HexFormat.fromHexDigit(utf8[i + 3]));
        i += 3;
      } else {
        name.write(utf8[i]);
      }
    }
    return name.toByteArray();
  }

  /**
   * The bytes of a member's name.
   *
   * @param headers its blocks from the first one on: those that only name it, and its own
   * @param stored what the archive reader, set to Latin-1, makes of the name
   */
  static byte[] of(byte[] headers, String stored) {
    // The reader decodes extended headers as UTF-8 and puts one character for all other bytes.
    int at = 0;
    while (at + BLOCK <= headers.length) {
      byte type = headers[at + TYPE];
      long size = TarUtils.parseOctalOrBinary(headers, at + SIZE, SIZE_LENGTH);
      int from = at + BLOCK;
      if ("xXgLK".indexOf(type) < 0 || size < 0 || size > headers.length - from) {
        break;
      }
      byte[] path =
          type == 'x' || type == 'X'
              ? path(Arrays.copyOfRange(headers, from, from + (int) size))
              : null;
      if (path != null) {
        return path;
      }
      at = from + (int) (size + BLOCK - 1) / BLOCK * BLOCK;
    }
    boolean latin = stored.chars().allMatch(c -> c < 256);
    return stored.getBytes(latin ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8);
  }

  /** The last {@code path} of records {@code LENGTH KEY=VALUE\n}, or null. */
  private static byte[] path(byte[] records) {
    byte[] found = null;
    for (int at = 0; at < records.length; ) {
      int length = 0;
      int key = at;
      while (key < records.length && records[key] >= '0' && records[key] <= '9' && key < at + 8) {
        length = 10 * length + records[key++] - '0';
      }
      int end = at + length;
      if (key == at || end > records.length || end < key + 2) {
        return found;
      }
      byte[] wanted = " path=".getBytes(StandardCharsets.US_ASCII);
      int value = key + wanted.length;
      if (value < end && Arrays.equals(records, key, value, wanted, 0, wanted.length)) {
        found = Arrays.copyOfRange(records, value, end - 1);
      }
      at = end;
    }
    return found;
  }
}
