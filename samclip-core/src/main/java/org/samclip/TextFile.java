package org.samclip;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Reads text that people write: UTF-8, or UTF-16 where the byte order mark says so, as some Windows
 * programs write it. The mark is no part of the text; left there, it would make another name of the
 * first one, without any sign.
 */
public final class TextFile {

  private TextFile() {}

  /**
   * Decodes a text.
   *
   * @param bytes of the whole file
   * @return its text without a byte order mark
   * @throws CharacterCodingException if it is not in the encoding that it begins with
   */
  public static String decode(byte[] bytes) throws CharacterCodingException {
    Charset charset = StandardCharsets.UTF_8;
    int mark = 0;
    if (begins(bytes, 0xEF, 0xBB, 0xBF)) {
      mark = 3;
    } else if (begins(bytes, 0xFE, 0xFF)) {
      charset = StandardCharsets.UTF_16BE;
      mark = 2;
    } else if (begins(bytes, 0xFF, 0xFE)) {
      charset = StandardCharsets.UTF_16LE;
      mark = 2;
    }
    return charset
        .newDecoder()
        .decode(ByteBuffer.wrap(bytes, mark, bytes.length - mark))
        .toString();
  }

  private static boolean begins(byte[] bytes, int... mark) {
    for (int i = 0; i < mark.length; i++) {
      if (i >= bytes.length || (bytes[i] & 0xFF) != mark[i]) {
        return false;
      }
    }
    return true;
  }

  /**
   * Reads a file.
   *
   * @param file text
   * @return its lines without their ends, of any system
   * @throws IOException if it cannot be read, or is not in the encoding that it begins with
   */
  public static List<String> lines(Path file) throws IOException {
    return decode(Files.readAllBytes(file)).lines().toList();
  }
}
