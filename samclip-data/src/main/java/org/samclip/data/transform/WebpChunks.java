package org.samclip.data.transform;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A WebP file's chunks (RFC 9649, section 2).
 *
 * @param plain the file; of an animation its first picture as a file of its own
 * @param frame where that picture lies on the canvas; null for files that are no animation
 * @param exif the TIFF structure of the EXIF chunk, or null
 */
record WebpChunks(byte[] plain, Frame frame, byte[] exif) {

  /** The first picture of an animation: its place, and the size of the whole. */
  record Frame(int x, int y, int canvasWidth, int canvasHeight) {}

  private static final int HEADER = 12;
  private static final int FRAME_HEADER = 16;
  private static final int ALPHA_FLAG = 0x10;

  static WebpChunks of(byte[] webp) {
    ByteBuffer bytes = ByteBuffer.wrap(webp).order(ByteOrder.LITTLE_ENDIAN);
    int width = 0;
    int height = 0;
    byte[] exif = null;
    byte[] first = null;
    Frame frame = null;
    long at = HEADER;
    while (at + 8 <= webp.length) {
      int data = (int) at + 8;
      long size = bytes.getInt((int) at + 4) & 0xFFFF_FFFFL;
      int end = (int) Math.min(webp.length, data + size);
      switch (new String(webp, (int) at, 4, StandardCharsets.ISO_8859_1)) {
        case "VP8X" -> {
          if (end - data >= 10) {
            width = 1 + number(webp, data + 4);
            height = 1 + number(webp, data + 7);
          }
        }
        case "ANMF" -> {
          if (first == null && end - data > FRAME_HEADER) {
            frame = new Frame(2 * number(webp, data), 2 * number(webp, data + 3), width, height);
            first = picture(webp, data, end);
          }
        }
        case "EXIF" -> exif = Arrays.copyOfRange(webp, data, end);
        default -> {
          // Pixels, profiles and texts are the decoder's, or nobody's.
        }
      }
      at = data + size + (size & 1);
    }
    return new WebpChunks(first == null ? webp : first, frame, withoutPrefix(exif));
  }

  /** Some writers put the JPEG segment's name in front. */
  private static byte[] withoutPrefix(byte[] exif) {
    boolean named = exif != null && exif.length > 6 && exif[0] == 'E' && exif[1] == 'x';
    return named ? Arrays.copyOfRange(exif, 6, exif.length) : exif;
  }

  /** A frame's chunks behind a header that makes them a file. */
  private static byte[] picture(byte[] webp, int data, int end) {
    int chunks = end - data - FRAME_HEADER;
    ByteBuffer file =
        ByteBuffer.allocate(HEADER + 18 + chunks + (chunks & 1)).order(ByteOrder.LITTLE_ENDIAN);
    file.put("RIFF".getBytes(StandardCharsets.US_ASCII)).putInt(file.capacity() - 8);
    file.put("WEBPVP8X".getBytes(StandardCharsets.US_ASCII)).putInt(10);
    file.putInt(webp[data + FRAME_HEADER] == 'A' ? ALPHA_FLAG : 0);
    file.put(webp, data + 6, 6);
    file.put(webp, data + FRAME_HEADER, chunks);
    return file.array();
  }

  /** Three bytes, low first. */
  private static int number(byte[] bytes, int at) {
    return bytes[at] & 0xFF | (bytes[at + 1] & 0xFF) << 8 | (bytes[at + 2] & 0xFF) << 16;
  }
}
