package org.samclip.data.transform;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;

class ImageDecoderTest {

  private static final long LIMIT = 10_000;

  private static byte[] write(BufferedImage image, String format) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertTrue(ImageIO.write(image, format, out), format);
    return out.toByteArray();
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in = ImageDecoderTest.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }

  private static RgbImage noise(int width, int height) {
    SplittableRandom random = new SplittableRandom(3);
    byte[] rgb = new byte[3 * width * height];
    random.nextBytes(rgb);
    return new RgbImage(width, height, rgb);
  }

  private static RgbImage smooth(int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i / 3 % width * 255 / width);
    }
    return new RgbImage(width, height, rgb);
  }

  /** A copy with one bit of a chunk's check sum flipped; {@code last}: of the last such chunk. */
  private static byte[] wrongSum(byte[] png, String type, boolean last) {
    String text = new String(png, StandardCharsets.ISO_8859_1);
    int at = last ? text.lastIndexOf(type) : text.indexOf(type);
    byte[] wrong = png.clone();
    wrong[at + 4 + ByteBuffer.wrap(png).getInt(at - 4)] ^= 1;
    return wrong;
  }

  private static byte[] with(byte[] png, String type, String content, String before) {
    int at = new String(png, StandardCharsets.ISO_8859_1).indexOf(before) - 4;
    byte[] body = (type + content).getBytes(StandardCharsets.ISO_8859_1);
    CRC32 sum = new CRC32();
    sum.update(body);
    return ByteBuffer.allocate(png.length + content.length() + 12)
        .put(png, 0, at)
        .putInt(content.length())
        .put(body)
        .putInt((int) sum.getValue())
        .put(png, at, png.length - at)
        .array();
  }

  /**
   * Pillow 12.3 refuses these files (UnidentifiedImageError) where the sum of a chunk before IDAT
   * is wrong, needed or not, and opens them where that of IDAT or of a later chunk is.
   */
  @Test
  void aWrongCheckSumBeforeThePixelsIsADamage() throws IOException {
    BufferedImage image =
        new BufferedImage(
            4,
            3,
            BufferedImage.TYPE_BYTE_INDEXED,
            new IndexColorModel(8, 2, new byte[] {0, 9}, new byte[] {0, 8}, new byte[] {0, 7}, 0));
    image.getRaster().setSample(2, 1, 0, 1);
    byte[] png = write(image, "png");
    png = with(png, "tEXt", "k\0v", "IDAT");
    png = with(png, "zzZz", "abc", "IDAT");
    png = with(png, "tEXt", "k\0late", "IEND");
    RgbImage sound = ImageDecoder.decode(png, "x");
    assertEquals(9, sound.at(2, 1, 0));
    for (String type : new String[] {"IHDR", "PLTE", "tRNS", "tEXt", "zzZz"}) {
      byte[] wrong = wrongSum(png, type, false);
      assertEquals(Kind.UNDECODABLE_IMAGE, kind(wrong), type);
      String message =
          assertThrows(BrokenSampleException.class, () -> ImageDecoder.decode(wrong, "x"))
              .getMessage();
      assertTrue(message.contains("chunk " + type), message);
      assertThrows(
          BrokenSampleException.class, () -> ImageDecoder.decodeLabels(wrong, "x", LIMIT), type);
    }
    for (String type : new String[] {"IDAT", "tEXt", "IEND"}) {
      RgbImage read = ImageDecoder.decode(wrongSum(png, type, true), "x");
      assertArrayEquals(sound.rgb(), read.rgb(), type);
    }
    // A height that is not the one that was written.
    byte[] higher = png.clone();
    higher[23] ^= 4;
    assertEquals(Kind.UNDECODABLE_IMAGE, kind(higher));
  }

  private static Kind kind(byte[] bytes) {
    return assertThrows(BrokenSampleException.class, () -> ImageDecoder.decode(bytes, "x", LIMIT))
        .kind();
  }

  @Test
  void pngKeepsEveryByte() {
    RgbImage image = noise(13, 7);
    RgbImage decoded = ImageDecoder.decode(image.toPng(), "x", LIMIT);
    assertArrayEquals(image.rgb(), decoded.rgb());
    assertArrayEquals(image.rgb(), RgbImage.of(image.toBufferedImage()).rgb());
  }

  @Test
  void dropsAlphaWithoutMixing() throws IOException {
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
    image.setRGB(0, 0, 0x00102030);
    image.setRGB(1, 0, 0x80FF8040);
    assertArrayEquals(
        new byte[] {0x10, 0x20, 0x30, (byte) 0xFF, (byte) 0x80, 0x40},
        ImageDecoder.decode(write(image, "png"), "x", LIMIT).rgb());
  }

  @Test
  void expandsPalettes() throws IOException {
    byte[] level = {0, 100, (byte) 200};
    IndexColorModel palette =
        new IndexColorModel(8, 3, level, new byte[] {5, 6, 7}, new byte[] {8, 9, 10});
    BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_BYTE_INDEXED, palette);
    image.getRaster().setSamples(0, 0, 3, 1, 0, new int[] {2, 0, 1});
    byte[] png = write(image, "png");
    assertArrayEquals(
        new byte[] {(byte) 200, 7, 10, 0, 5, 8, 100, 6, 9},
        ImageDecoder.decode(png, "x", LIMIT).rgb());
    assertArrayEquals(new char[] {2, 0, 1}, ImageDecoder.decodeLabels(png, "x", LIMIT).numbers());
  }

  @Test
  void leavesColourProfilesAlone() throws IOException {
    byte[] rgb = new byte[3 * 32 * 32];
    Arrays.fill(rgb, (byte) 60);
    byte[] plain = write(new RgbImage(32, 32, rgb).toBufferedImage(), "jpeg");
    byte[] profile = ICC_Profile.getInstance(ColorSpace.CS_LINEAR_RGB).getData();
    ByteBuffer jpeg = ByteBuffer.allocate(plain.length + profile.length + 18);
    // Behind the start marker and the JFIF header: segment APP2, chunk 1 of 1.
    int header = 4 + (plain[5] & 0xFF);
    jpeg.put(plain, 0, header).put((byte) 0xFF).put((byte) 0xE2);
    jpeg.putShort((short) (profile.length + 16)).put("ICC_PROFILE\0".getBytes());
    jpeg.put((byte) 1).put((byte) 1).put(profile).put(plain, header, plain.length - header);
    BufferedImage managed = ImageIO.read(new ByteArrayInputStream(jpeg.array()));
    assertEquals(132, managed.getRGB(16, 16) & 0xFF, 4, "the profile is in force");
    assertEquals(60, ImageDecoder.decode(jpeg.array(), "x", LIMIT).at(16, 16, 0), 1);
  }

  @Test
  void refusesWhatTheHeaderSaysIsTooLarge() {
    byte[] png = noise(13, 7).toPng();
    assertEquals(
        Kind.PIXEL_LIMIT,
        assertThrows(BrokenSampleException.class, () -> ImageDecoder.decode(png, "x", 90)).kind());
    assertEquals(13 * 7 * 3, ImageDecoder.decode(png, "x", 91).rgb().length);
    // A header that lies: 2^31 - 1 on each side would overflow an int and exhaust the memory.
    ByteBuffer.wrap(png).putInt(16, Integer.MAX_VALUE).putInt(20, Integer.MAX_VALUE);
    CRC32 crc = new CRC32();
    crc.update(png, 12, 17);
    ByteBuffer.wrap(png).putInt(29, (int) crc.getValue());
    assertEquals(
        Kind.PIXEL_LIMIT,
        assertThrows(
                BrokenSampleException.class, () -> ImageDecoder.decode(png, "x", Long.MAX_VALUE))
            .kind());
  }

  @Test
  void refusesWhatIsNoImage() throws IOException {
    assertEquals(Kind.UNDECODABLE_IMAGE, kind(new byte[0]));
    assertEquals(Kind.UNDECODABLE_IMAGE, kind("hello".getBytes()));
    assertEquals(Kind.UNDECODABLE_IMAGE, kind(write(smooth(8, 8).toBufferedImage(), "gif")));
  }

  @Test
  void refusesFilesThatEndEarly() throws IOException {
    for (String format : new String[] {"png", "jpeg", "webp"}) {
      byte[] whole =
          format.equals("webp")
              ? resource("decode/lossless.webp")
              : write(noise(60, 60).toBufferedImage(), format);
      for (int length : new int[] {4, 20, whole.length / 2, whole.length * 9 / 10}) {
        assertEquals(
            Kind.UNDECODABLE_IMAGE, kind(Arrays.copyOf(whole, length)), format + " " + length);
      }
    }
  }

  /** A palette image, whose reader looks at every chunk, with a text that unpacks to 256 MiB. */
  @Test
  void compressedTextsAreNotUnpacked() throws IOException {
    byte[] level = {0, 100};
    IndexColorModel palette = new IndexColorModel(8, 2, level, level, level);
    byte[] png = write(new BufferedImage(3, 1, BufferedImage.TYPE_BYTE_INDEXED, palette), "png");
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    packed.write("zTXtname\0\0".getBytes(StandardCharsets.ISO_8859_1));
    try (DeflaterOutputStream deflater = new DeflaterOutputStream(packed)) {
      byte[] zeros = new byte[1 << 20];
      for (int i = 0; i < 256; i++) {
        deflater.write(zeros);
      }
    }
    CRC32 crc = new CRC32();
    crc.update(packed.toByteArray());
    ByteBuffer bomb = ByteBuffer.allocate(png.length + packed.size() + 8);
    bomb.put(png, 0, 33).putInt(packed.size() - 4).put(packed.toByteArray());
    bomb.putInt((int) crc.getValue()).put(png, 33, png.length - 33);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    assertEquals(3, ImageDecoder.decode(bomb.array(), "x", LIMIT).width());
    long taken = threads.getCurrentThreadAllocatedBytes() - before;
    assertTrue(taken < 64 << 20, taken + " bytes allocated");
  }

  @Test
  void damageNeverEscapesAsAnotherError() throws IOException {
    SplittableRandom random = new SplittableRandom(5);
    for (String format : new String[] {"png", "jpeg", "webp"}) {
      byte[] whole =
          format.equals("webp")
              ? resource("decode/lossy-alpha.webp")
              : write(smooth(40, 30).toBufferedImage(), format);
      for (int round = 0; round < 200; round++) {
        byte[] damaged = whole.clone();
        for (int i = 0; i < 4; i++) {
          damaged[4 + random.nextInt(damaged.length - 4)] = (byte) random.nextInt(256);
        }
        try {
          ImageDecoder.decode(damaged, "x", LIMIT);
        } catch (BrokenSampleException e) {
          assertTrue(e.getMessage().startsWith("x: "));
        }
      }
    }
  }
}
