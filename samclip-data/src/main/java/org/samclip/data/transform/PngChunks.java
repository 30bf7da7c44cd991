package org.samclip.data.transform;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.zip.CRC32;

/**
 * A PNG file's chunks (W3C PNG, section 5).
 *
 * @param plain the file with what the pixels need and nothing else: compressed texts and profiles,
 *     which a decoder would unpack however large they are, and the further pictures of an animation
 *     are left out
 * @param exif the TIFF structure of the eXIf chunk, or null
 */
record PngChunks(byte[] plain, byte[] exif) {

  private static final int SIGNATURE = 8;
  private static final Set<String> NUMBERS = Set.of("IHDR", "PLTE", "IDAT", "IEND");
  private static final Set<String> NEEDED = Set.of("IHDR", "PLTE", "tRNS", "IDAT", "IEND");

  /**
   * The first chunk before the pixels whose check sum is wrong, or null. Pillow refuses a file that
   * has one: a header that is not what was written says nothing of the pixels. From the first IDAT
   * on Pillow does not look at the sums, nor do we.
   */
  static String damagedHeader(byte[] png) {
    ByteBuffer bytes = ByteBuffer.wrap(png);
    for (long at = SIGNATURE; at + 8 <= png.length; ) {
      int start = (int) at;
      String type = new String(png, start + 4, 4, StandardCharsets.ISO_8859_1);
      if (type.equals("IDAT")) {
        return null;
      }
      long end = at + 12 + (bytes.getInt(start) & 0xFFFF_FFFFL);
      if (end > png.length) {
        return type;
      }
      CRC32 sum = new CRC32();
      sum.update(png, start + 4, (int) (end - at) - 8);
      if ((int) sum.getValue() != bytes.getInt((int) end - 4)) {
        return type;
      }
      at = end;
    }
    return null;
  }

  static PngChunks of(byte[] png) {
    return of(png, NEEDED);
  }

  /** Without transparency, which the reader would turn into a further channel. */
  static PngChunks numbers(byte[] png) {
    return of(png, NUMBERS);
  }

  private static PngChunks of(byte[] png, Set<String> needed) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(png.length);
    out.write(png, 0, Math.min(SIGNATURE, png.length));
    byte[] exif = null;
    ByteBuffer bytes = ByteBuffer.wrap(png);
    long at = SIGNATURE;
    while (at + 8 <= png.length) {
      int start = (int) at;
      long end = at + 12 + (bytes.getInt(start) & 0xFFFF_FFFFL);
      String type = new String(png, start + 4, 4, StandardCharsets.ISO_8859_1);
      int stop = (int) Math.min(end, png.length);
      if (needed.contains(type)) {
        out.write(png, start, stop - start);
      } else if (type.equals("eXIf") && end <= png.length) {
        exif = Arrays.copyOfRange(png, start + 8, stop - 4);
      }
      at = end;
    }
    return new PngChunks(out.toByteArray(), exif);
  }
}
