package org.samclip.data.transform;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import javax.imageio.ImageIO;

/**
 * An 8-bit RGB image, interleaved {@code [H, W, 3]}. The array is not copied: whoever makes an
 * image hands the array over, and nobody writes to it afterwards.
 *
 * @param width pixels, at least 1
 * @param height pixels, at least 1
 * @param rgb bytes (unsigned), {@code height * width * 3}
 */
public record RgbImage(int width, int height, byte[] rgb) {

  static {
    // The default writes every stream to a temporary file first.
    ImageIO.setUseCache(false);
  }

  /** Checks the sizes. */
  public RgbImage {
    if (width < 1 || height < 1 || 3L * width * height != rgb.length) {
      throw new IllegalArgumentException(
          "an image of " + width + " x " + height + " with " + rgb.length + " bytes");
    }
  }

  /**
   * The colour of one channel.
   *
   * @param x column
   * @param y row
   * @param channel 0 red, 1 green, 2 blue
   * @return 0..255
   */
  public int at(int x, int y, int channel) {
    return rgb[(y * width + x) * 3 + channel] & 0xFF;
  }

  /**
   * Copies a buffered image's sRGB values, dropping alpha. For images that were drawn; files go
   * through {@link ImageDecoder}, which keeps grey bytes as they are.
   *
   * @param image any buffered image
   * @return a copy
   */
  public static RgbImage of(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    byte[] rgb = new byte[Math.multiplyExact(3, Math.multiplyExact(width, height))];
    int[] row = new int[width];
    int at = 0;
    for (int y = 0; y < height; y++) {
      image.getRGB(0, y, width, 1, row, 0, width);
      for (int pixel : row) {
        rgb[at++] = (byte) (pixel >> 16);
        rgb[at++] = (byte) (pixel >> 8);
        rgb[at++] = (byte) pixel;
      }
    }
    return new RgbImage(width, height, rgb);
  }

  /** A copy as {@link BufferedImage#TYPE_INT_RGB}. */
  public BufferedImage toBufferedImage() {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    int[] pixels = ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] =
          (rgb[3 * i] & 0xFF) << 16 | (rgb[3 * i + 1] & 0xFF) << 8 | (rgb[3 * i + 2] & 0xFF);
    }
    return image;
  }

  /** The image as a PNG file's bytes. */
  public byte[] toPng() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      if (!ImageIO.write(toBufferedImage(), "png", out)) {
        throw new IllegalStateException("this JDK has no PNG writer");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  /**
   * Cuts a rectangle out.
   *
   * @param crop a rectangle inside the image
   * @return a copy
   */
  public RgbImage crop(Crop crop) {
    crop.requireInside(width, height);
    byte[] cut = new byte[3 * crop.width() * crop.height()];
    for (int y = 0; y < crop.height(); y++) {
      System.arraycopy(
          rgb,
          ((crop.y() + y) * width + crop.x()) * 3,
          cut,
          y * crop.width() * 3,
          crop.width() * 3);
    }
    return new RgbImage(crop.width(), crop.height(), cut);
  }

  /** A copy with left and right exchanged. */
  public RgbImage flipped() {
    byte[] out = new byte[rgb.length];
    int row = 3 * width;
    for (int from = 0; from < rgb.length; from += 3) {
      int to = from / row * row + row - 3 - from % row;
      out[to] = rgb[from];
      out[to + 1] = rgb[from + 1];
      out[to + 2] = rgb[from + 2];
    }
    return new RgbImage(width, height, out);
  }
}
