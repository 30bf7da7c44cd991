package org.samclip.data.transform;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;
import java.awt.image.SampleModel;
import java.awt.image.WritableRaster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadWarningListener;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;

/**
 * Decodes JPEG, PNG and WebP files from memory, with the results of Pillow's {@code
 * convert("RGB")}: the stored bytes, grey copied to three channels, palettes expanded, alpha
 * dropped, 16-bit colours cut to 8 and 16-bit grey clipped at 255, inks (CMYK) inverted and
 * multiplied, the first picture of an animation, no colour management. The size is read from the
 * header and checked before anything is allocated.
 */
public final class ImageDecoder {

  /** The default limit: 50 megapixels. */
  public static final long DEFAULT_MAX_PIXELS = 50_000_000;

  /** JPEG's own limit; a longer side in a PNG is a strip that no model is made for. */
  private static final int MAX_SIDE = 65_535;

  private static final ColorModel RED_FIRST =
      new ComponentColorModel(
          ColorSpace.getInstance(ColorSpace.CS_sRGB),
          false,
          false,
          Transparency.OPAQUE,
          DataBuffer.TYPE_BYTE);

  private ImageDecoder() {}

  /**
   * Decodes an image with the default pixel limit, as it is stored.
   *
   * @param bytes a JPEG, PNG or WebP file
   * @param name what messages call it
   * @return the image
   */
  public static RgbImage decode(byte[] bytes, String name) {
    return decode(bytes, name, DEFAULT_MAX_PIXELS);
  }

  /**
   * Decodes an image as it is stored.
   *
   * @param bytes a JPEG, PNG or WebP file
   * @param name what messages call it
   * @param maxPixels largest width times height
   * @return the image
   * @throws BrokenSampleException if it does not decode or is too large
   */
  public static RgbImage decode(byte[] bytes, String name, long maxPixels) {
    return decode(bytes, name, maxPixels, false);
  }

  /**
   * Decodes an image.
   *
   * @param bytes a JPEG, PNG or WebP file
   * @param name what messages call it
   * @param maxPixels largest width times height
   * @param upright whether to turn it as its EXIF orientation says, as Pillow's {@code
   *     ImageOps.exif_transpose} does; {@code convert("RGB")} alone does not
   * @return the image
   * @throws BrokenSampleException if it does not decode or is too large
   */
  public static RgbImage decode(byte[] bytes, String name, long maxPixels, boolean upright) {
    ImageFormat format = format(bytes, name);
    RgbImage image;
    byte[] exif;
    switch (format) {
      case JPEG -> {
        JpegSegments segments = JpegSegments.of(bytes);
        exif = segments.exif();
        // The JDK would convert to sRGB; CLIP and SAM were trained on the stored bytes.
        byte[] plain = segments.plain();
        image =
            switch (segments.components()) {
              case 3 -> read(plain, format, name, maxPixels, ImageDecoder::readRgb);
              case 4 ->
                  CmykRaster.toRgb(
                      read(plain, format, name, maxPixels, r -> r.readRaster(0, null)),
                      segments.adobeTransform() == 2);
              default -> toRgb(read(plain, format, name, maxPixels, r -> r.read(0)));
            };
      }
      case PNG -> {
        PngChunks chunks = PngChunks.of(bytes);
        exif = chunks.exif();
        image = toRgb(read(chunks.plain(), format, name, maxPixels, r -> r.read(0)));
      }
      default -> {
        WebpChunks chunks = WebpChunks.of(bytes);
        exif = chunks.exif();
        image = toRgb(read(chunks.plain(), format, name, maxPixels, r -> r.read(0)));
        image = chunks.frame() == null ? image : onCanvas(image, chunks.frame(), name, maxPixels);
      }
    }
    return upright ? Orientation.undo(image, Orientation.of(exif)) : image;
  }

  /**
   * Decodes a label map: the stored numbers of a one-channel PNG, that is grey levels as they are
   * packed (a level of 4 bits is 0..15, where Pillow gives 0..255) or palette indices. Transparency
   * is not looked at.
   *
   * @param bytes a PNG file of 1, 2, 4, 8 or 16 bits
   * @param name what messages call it
   * @param maxPixels largest width times height
   * @return the numbers
   * @throws BrokenSampleException if it does not decode, is too large, or has several channels
   */
  public static StoredLabels decodeLabels(byte[] bytes, String name, long maxPixels) {
    ImageFormat format = format(bytes, name);
    if (format != ImageFormat.PNG) {
      throw new BrokenSampleException(
          Kind.UNDECODABLE_IMAGE,
          name + ": a label map is a PNG file, this is a " + format.reader() + " file");
    }
    byte[] plain = PngChunks.numbers(bytes).plain();
    Raster raster = read(plain, format, name, maxPixels, r -> r.read(0)).getRaster();
    if (raster.getNumBands() != 1) {
      throw new BrokenSampleException(
          Kind.UNDECODABLE_IMAGE,
          name
              + ": a label map has one channel (grey or palette), this has "
              + raster.getNumBands()
              + "; if its colours are the classes, name a table of them with the option colours");
    }
    int width = raster.getWidth();
    char[] numbers = new char[width * raster.getHeight()];
    int[] row = new int[width];
    for (int y = 0, at = 0; y < raster.getHeight(); y++) {
      raster.getSamples(0, y, width, 1, 0, row);
      for (int value : row) {
        numbers[at++] = (char) value;
      }
    }
    return new StoredLabels(width, raster.getHeight(), numbers);
  }

  private interface Reading<T> {
    T from(ImageReader reader) throws IOException;
  }

  private static <T> T read(
      byte[] bytes, ImageFormat format, String name, long maxPixels, Reading<T> reading) {
    ImageReader reader = ImageIO.getImageReadersByFormatName(format.reader()).next();
    try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
      reader.setInput(in, true, true);
      checkSize(reader.getWidth(0), reader.getHeight(0), name, maxPixels);
      boolean[] cut = new boolean[1];
      reader.addIIOReadWarningListener(truncation(cut));
      T image = reading.from(reader);
      if (cut[0]) {
        throw new BrokenSampleException(
            Kind.UNDECODABLE_IMAGE, name + ": the " + format.reader() + " file ends early");
      }
      return image;
    } catch (BrokenSampleException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // The readers answer damaged files with nearly any runtime exception.
      throw damaged(format, name, e);
    } catch (OutOfMemoryError e) {
      // The WebP reader says so what libwebp calls its status; its limit is not this JVM's memory.
      if (e.getStackTrace().length > 0
          && e.getStackTrace()[0].getClassName().startsWith("com.luciad.")) {
        throw damaged(format, name, e);
      }
      throw e;
    } finally {
      reader.dispose();
    }
  }

  private static BrokenSampleException damaged(ImageFormat format, String name, Throwable cause) {
    return new BrokenSampleException(
        Kind.UNDECODABLE_IMAGE,
        name + ": damaged " + format.reader() + " (" + cause.getMessage() + ")",
        cause);
  }

  private static void checkSize(int width, int height, String name, long maxPixels) {
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
  }

  private static ImageFormat format(byte[] bytes, String name) {
    ImageFormat format = ImageFormat.of(bytes);
    if (format == null) {
      throw new BrokenSampleException(
          Kind.UNDECODABLE_IMAGE,
          name
              + ": neither JPEG, PNG nor WebP ("
              + bytes.length
              + " bytes), allowed: JPEG, PNG, WebP");
    }
    String damaged = format == ImageFormat.PNG ? PngChunks.damagedHeader(bytes) : null;
    if (damaged != null) {
      // Types come from the file; messages go to terminals.
      throw new BrokenSampleException(
          Kind.UNDECODABLE_IMAGE,
          name
              + ": damaged png (the check sum of its chunk "
              + damaged.replaceAll("[^A-Za-z0-9]", "?")
              + " is wrong, or the file ends in it)");
    }
    return format;
  }

  /** The first picture of an animation; black where it leaves the canvas free. */
  private static RgbImage onCanvas(
      RgbImage image, WebpChunks.Frame frame, String name, long maxPixels) {
    int width = frame.canvasWidth();
    int height = frame.canvasHeight();
    if (image.width() == width && image.height() == height) {
      return image;
    }
    checkSize(width, height, name, maxPixels);
    if (frame.x() + image.width() > width || frame.y() + image.height() > height) {
      throw new BrokenSampleException(
          Kind.UNDECODABLE_IMAGE, name + ": damaged webp (a picture leaves the canvas)");
    }
    byte[] canvas = new byte[3 * width * height];
    for (int y = 0; y < image.height(); y++) {
      int to = 3 * ((frame.y() + y) * width + frame.x());
      System.arraycopy(image.rgb(), 3 * y * image.width(), canvas, to, 3 * image.width());
    }
    return new RgbImage(width, height, canvas);
  }

  /** libjpeg fills the missing rest with grey and only warns; a half image is a broken sample. */
  private static IIOReadWarningListener truncation(boolean[] cut) {
    return (source, warning) -> cut[0] |= warning.startsWith("Truncated File");
  }

  /**
   * Has the reader put three components where they are to stay. Its own image is blue first, which
   * costs it a copy pixel by pixel and us another: as long as libjpeg takes to decode.
   */
  private static RgbImage readRgb(ImageReader reader) throws IOException {
    int width = reader.getWidth(0);
    int height = reader.getHeight(0);
    byte[] rgb = new byte[Math.multiplyExact(3, Math.multiplyExact(width, height))];
    WritableRaster raster =
        Raster.createInterleavedRaster(
            new DataBufferByte(rgb, rgb.length),
            width,
            height,
            3 * width,
            3,
            new int[] {0, 1, 2},
            null);
    ImageReadParam param = reader.getDefaultReadParam();
    param.setDestination(new BufferedImage(RED_FIRST, raster, false, null));
    reader.read(0, param);
    return new RgbImage(width, height, rgb);
  }

  private static RgbImage toRgb(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    byte[] rgb = new byte[3 * width * height];
    Raster raster = image.getRaster();
    SampleModel model = raster.getSampleModel();
    if (image.getColorModel() instanceof IndexColorModel palette) {
      expand(raster, palette, rgb);
    } else if (raster.getNumBands() == 1 && model.getSampleSize(0) == 16) {
      clip(raster, rgb);
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

  /** Pillow keeps 16-bit grey as numbers and clips them, where it cuts 16-bit colours. */
  private static void clip(Raster raster, byte[] rgb) {
    int[] row = new int[raster.getWidth()];
    for (int y = 0, at = 0; y < raster.getHeight(); y++) {
      raster.getSamples(0, y, row.length, 1, 0, row);
      for (int grey : row) {
        byte value = (byte) Math.min(255, grey);
        rgb[at++] = value;
        rgb[at++] = value;
        rgb[at++] = value;
      }
    }
  }
}
