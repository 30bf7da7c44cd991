package org.samclip.data.transform;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;
import java.awt.image.SampleModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadWarningListener;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;

/**
 * Decodes JPEG and PNG files from memory, with the results of Pillow's {@code convert("RGB")}: the
 * stored bytes, grey copied to three channels, palettes expanded, alpha dropped, 16 bits cut to 8,
 * no colour management. The size is read from the header and checked before anything is allocated.
 */
public final class ImageDecoder {

  /** The default limit: 50 megapixels. */
  public static final long DEFAULT_MAX_PIXELS = 50_000_000;

  /** JPEG's own limit; a longer side in a PNG is a strip that no model is made for. */
  private static final int MAX_SIDE = 65_535;

  private ImageDecoder() {}

  /**
   * Decodes an image with the default pixel limit.
   *
   * @param bytes a JPEG or PNG file
   * @param name what messages call it
   * @return the image
   */
  public static RgbImage decode(byte[] bytes, String name) {
    return decode(bytes, name, DEFAULT_MAX_PIXELS);
  }

  /**
   * Decodes an image.
   *
   * @param bytes a JPEG or PNG file
   * @param name what messages call it
   * @param maxPixels largest width times height
   * @return the image
   * @throws BrokenSampleException if it does not decode or is too large
   */
  public static RgbImage decode(byte[] bytes, String name, long maxPixels) {
    return toRgb(read(bytes, name, maxPixels));
  }

  /**
   * Decodes a label map: the stored values of a one-channel PNG, that is grey levels or palette
   * indices.
   *
   * @param bytes a PNG file of at most 8 bits
   * @param name what messages call it
   * @param maxPixels largest width times height
   * @return the labels
   * @throws BrokenSampleException if it does not decode, is too large, or has several channels
   */
  public static LabelMap decodeLabels(byte[] bytes, String name, long maxPixels) {
    Raster raster = read(bytes, name, maxPixels).getRaster();
    if (raster.getNumBands() != 1 || raster.getSampleModel().getSampleSize(0) > 8) {
      throw new BrokenSampleException(
          Kind.UNDECODABLE_IMAGE,
          name
              + ": a label map has one channel of at most 8 bits (grey or palette), this has "
              + raster.getNumBands()
              + " of "
              + raster.getSampleModel().getSampleSize(0)
              + " bits");
    }
    int width = raster.getWidth();
    byte[] labels = new byte[width * raster.getHeight()];
    int[] row = new int[width];
    for (int y = 0, at = 0; y < raster.getHeight(); y++) {
      raster.getSamples(0, y, width, 1, 0, row);
      for (int value : row) {
        labels[at++] = (byte) value;
      }
    }
    return new LabelMap(width, raster.getHeight(), labels);
  }

  private static BufferedImage read(byte[] bytes, String name, long maxPixels) {
    String format = format(bytes);
    if (format == null) {
      throw new BrokenSampleException(
          Kind.UNDECODABLE_IMAGE,
          name + ": neither JPEG nor PNG (" + bytes.length + " bytes), allowed: JPEG, PNG");
    }
    ImageReader reader = ImageIO.getImageReadersByFormatName(format).next();
    // The JDK would convert to sRGB; CLIP and SAM were trained on the stored bytes.
    byte[] plain = format.equals("jpeg") ? JpegSegments.withoutColourProfile(bytes) : bytes;
    try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(plain))) {
      reader.setInput(in, true, true);
      int width = reader.getWidth(0);
      int height = reader.getHeight(0);
      if ((long) width * height > maxPixels || Math.max(width, height) > MAX_SIDE) {
        throw new BrokenSampleException(
            Kind.PIXEL_LIMIT,
            name
                + ": "
                + width
                + " x "
                + height
                + " pixels, allowed: "
                + maxPixels
                + " and no side over "
                + MAX_SIDE
                + "; scale the image down or raise the limit");
      }
      boolean[] cut = new boolean[1];
      reader.addIIOReadWarningListener(truncation(cut));
      BufferedImage image = reader.read(0);
      if (cut[0]) {
        throw new BrokenSampleException(
            Kind.UNDECODABLE_IMAGE, name + ": the " + format + " file ends early");
      }
      return image;
    } catch (BrokenSampleException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // The JDK's readers answer damaged files with nearly any runtime exception.
      throw new BrokenSampleException(
          Kind.UNDECODABLE_IMAGE, name + ": damaged " + format + " (" + e.getMessage() + ")", e);
    } finally {
      reader.dispose();
    }
  }

  private static String format(byte[] bytes) {
    if (startsWith(bytes, 0xFF, 0xD8, 0xFF)) {
      return "jpeg";
    }
    return startsWith(bytes, 0x89, 'P', 'N', 'G') ? "png" : null;
  }

  private static boolean startsWith(byte[] bytes, int... signature) {
    for (int i = 0; i < signature.length; i++) {
      if (i >= bytes.length || (bytes[i] & 0xFF) != signature[i]) {
        return false;
      }
    }
    return true;
  }

  /** libjpeg fills the missing rest with grey and only warns; a half image is a broken sample. */
  private static IIOReadWarningListener truncation(boolean[] cut) {
    return (source, warning) -> cut[0] |= warning.startsWith("Truncated File");
  }

  private static RgbImage toRgb(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    byte[] rgb = new byte[3 * width * height];
    Raster raster = image.getRaster();
    SampleModel model = raster.getSampleModel();
    if (image.getColorModel() instanceof IndexColorModel palette) {
      expand(raster, palette, rgb);
    } else if (raster.getDataBuffer() instanceof DataBufferByte data
        && model instanceof PixelInterleavedSampleModel interleaved) {
      byte[] from = data.getData();
      int[] offsets = interleaved.getBandOffsets();
      boolean grey = offsets.length < 3;
      for (int y = 0, at = 0; y < height; y++) {
        int pixel = y * interleaved.getScanlineStride();
        for (int x = 0; x < width; x++, pixel += interleaved.getPixelStride()) {
          rgb[at++] = from[pixel + offsets[0]];
          rgb[at++] = from[pixel + offsets[grey ? 0 : 1]];
          rgb[at++] = from[pixel + offsets[grey ? 0 : 2]];
        }
      }
    } else {
      int[] row = new int[width];
      for (int channel = 0; channel < 3; channel++) {
        int band = raster.getNumBands() < 3 ? 0 : channel;
        int shift = Math.max(0, model.getSampleSize(band) - 8);
        for (int y = 0, at = channel; y < height; y++) {
          raster.getSamples(0, y, width, 1, band, row);
          for (int x = 0; x < width; x++, at += 3) {
            rgb[at] = (byte) (row[x] >> shift);
          }
        }
      }
    }
    return new RgbImage(width, height, rgb);
  }

  private static void expand(Raster raster, IndexColorModel palette, byte[] rgb) {
    int[] row = new int[raster.getWidth()];
    int last = palette.getMapSize() - 1;
    for (int y = 0, at = 0; y < raster.getHeight(); y++) {
      raster.getSamples(0, y, row.length, 1, 0, row);
      for (int index : row) {
        int colour = palette.getRGB(Math.min(index, last));
        rgb[at++] = (byte) (colour >> 16);
        rgb[at++] = (byte) (colour >> 8);
        rgb[at++] = (byte) colour;
      }
    }
  }
}
