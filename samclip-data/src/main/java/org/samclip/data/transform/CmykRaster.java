package org.samclip.data.transform;

import java.awt.image.Raster;

/**
 * Turns the four inks of a JPEG file into RGB with Pillow's arithmetic: inks are stored inverted
 * (Adobe's convention, which Pillow assumes for all files), no colour management.
 */
final class CmykRaster {

  private static final int BITS = 16;
  private static final int HALF = 1 << BITS - 1;

  private CmykRaster() {}

  /**
   * @param raster stored values: C, M, Y, K or Y, Cb, Cr, K
   * @param ycck whether they are the latter
   */
  static RgbImage toRgb(Raster raster, boolean ycck) {
    int width = raster.getWidth();
    int height = raster.getHeight();
    byte[] rgb = new byte[Math.multiplyExact(3, Math.multiplyExact(width, height))];
    int[] row = new int[4 * width];
    for (int y = 0, at = 0; y < height; y++) {
      raster.getPixels(0, y, width, 1, row);
      for (int i = 0; i < row.length; i += 4) {
        if (ycck) {
          toInks(row, i);
        }
        for (int ink = 0; ink < 3; ink++) {
          int black = row[i + 3];
          int product = (255 - row[i + ink]) * black + 128;
          rgb[at++] = (byte) Math.max(0, black - ((product >> 8) + product >> 8));
        }
      }
    }
    return new RgbImage(width, height, rgb);
  }

  /** libjpeg's {@code ycck_cmyk_convert}: the complement of the colours that YCbCr stands for. */
  private static void toInks(int[] row, int i) {
    int luma = row[i];
    int blue = row[i + 1] - 128;
    int red = row[i + 2] - 128;
    row[i] = complement(luma + (91_881 * red + HALF >> BITS));
    row[i + 1] = complement(luma + (-22_554 * blue - 46_802 * red + HALF >> BITS));
    row[i + 2] = complement(luma + (116_130 * blue + HALF >> BITS));
  }

  private static int complement(int value) {
    return Math.max(0, Math.min(255, 255 - value));
  }
}
