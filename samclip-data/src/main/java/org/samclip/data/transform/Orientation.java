package org.samclip.data.transform;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * How a camera was held: EXIF's orientation (CIPA DC-008, tag 0x0112), and its undoing as Pillow's
 * {@code ImageOps.exif_transpose} does it.
 */
final class Orientation {

  static final int UPRIGHT = 1;

  private static final int TAG = 0x0112;
  private static final int SHORT = 3;
  private static final int ENTRY = 12;

  private Orientation() {}

  /**
   * @param exif a TIFF structure, or null
   * @return 1..8; 1 where nothing, or nothing sensible, is said
   */
  static int of(byte[] exif) {
    if (exif == null || exif.length < 14) {
      return UPRIGHT;
    }
    ByteBuffer tiff = ByteBuffer.wrap(exif);
    int order = tiff.getShort(0);
    if (order != 0x4949 && order != 0x4D4D) {
      return UPRIGHT;
    }
    tiff.order(order == 0x4949 ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    long directory = tiff.getInt(4) & 0xFFFF_FFFFL;
    if (tiff.getShort(2) != 42 || directory + 2 > exif.length) {
      return UPRIGHT;
    }
    int entries = tiff.getShort((int) directory) & 0xFFFF;
    for (int i = 0; i < entries; i++) {
      long at = directory + 2 + (long) ENTRY * i;
      if (at + ENTRY > exif.length) {
        break;
      }
      if ((tiff.getShort((int) at) & 0xFFFF) == TAG && tiff.getShort((int) at + 2) == SHORT) {
        int value = tiff.getShort((int) at + 8);
        return value >= 1 && value <= 8 ? value : UPRIGHT;
      }
    }
    return UPRIGHT;
  }

  /**
   * Turns an image upright.
   *
   * @param image as it is stored
   * @param orientation 1..8
   */
  static RgbImage undo(RgbImage image, int orientation) {
    if (orientation == UPRIGHT) {
      return image;
    }
    boolean transposed = orientation >= 5;
    boolean mirrored = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    boolean flipped = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    int width = transposed ? image.height() : image.width();
    int height = transposed ? image.width() : image.height();
    byte[] from = image.rgb();
    byte[] to = new byte[from.length];
    for (int y = 0, at = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int sx = transposed ? y : x;
        int sy = transposed ? x : y;
        sx = mirrored ? image.width() - 1 - sx : sx;
        sy = flipped ? image.height() - 1 - sy : sy;
        int pixel = 3 * (sy * image.width() + sx);
        to[at++] = from[pixel];
        to[at++] = from[pixel + 1];
        to[at++] = from[pixel + 2];
      }
    }
    return new RgbImage(width, height, to);
  }
}
