package org.samclip.data.transform;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * What a JPEG file's header segments say (ITU-T T.81, annex B). Damaged headers are left to the
 * decoder: what was not found is 0 or null.
 *
 * @param components of the picture: 1 grey, 3 colours, 4 inks
 * @param adobeTransform of the Adobe segment: 0 none, 1 YCbCr, 2 YCCK; -1 without one
 * @param exif the TIFF structure of the Exif segment, or null
 * @param plain the file without its embedded ICC profile, and with its colours' meaning spelt out
 *     where the JDK would guess otherwise than libjpeg
 */
record JpegSegments(int components, int adobeTransform, byte[] exif, byte[] plain) {

  private static final int START_OF_SCAN = 0xDA;
  private static final int APP0 = 0xE0;
  private static final int APP1 = 0xE1;
  private static final int APP2 = 0xE2;
  private static final int APP14 = 0xEE;
  private static final byte[] PROFILE = "ICC_PROFILE\0".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] EXIF = "Exif\0\0".getBytes(StandardCharsets.US_ASCII);

  /** An Adobe segment that says YCbCr. */
  private static final byte[] YCBCR = {
    (byte) 0xFF, (byte) 0xEE, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 1
  };

  private static final byte[] ADOBE = "Adobe".getBytes(StandardCharsets.US_ASCII);

  static JpegSegments of(byte[] jpeg) {
    int components = 0;
    int transform = -1;
    boolean told = false;
    byte[] exif = null;
    ByteArrayOutputStream out = null;
    int copied = 0;
    int at = 2;
    while (at + 4 <= jpeg.length && (jpeg[at] & 0xFF) == 0xFF) {
      int marker = jpeg[at + 1] & 0xFF;
      if (marker == 0xFF) {
        at++;
        continue;
      }
      int end = at + 2 + ((jpeg[at + 2] & 0xFF) << 8 | jpeg[at + 3] & 0xFF);
      if (marker == START_OF_SCAN || end > jpeg.length || end < at + 4) {
        break;
      }
      if (isFrame(marker) && end >= at + 10) {
        components = jpeg[at + 9] & 0xFF;
        told |= components != 3 || end >= at + 19 && isNamedRgb(jpeg, at + 10);
      } else if (marker == APP0) {
        told = true;
      } else if (marker == APP14 && begins(jpeg, at + 4, end, ADOBE) && end >= at + 16) {
        transform = jpeg[at + 15] & 0xFF;
      } else if (marker == APP1 && exif == null && begins(jpeg, at + 4, end, EXIF)) {
        exif = Arrays.copyOfRange(jpeg, at + 4 + EXIF.length, end);
      } else if (marker == APP2 && begins(jpeg, at + 4, end, PROFILE)) {
        out = out == null ? new ByteArrayOutputStream(jpeg.length) : out;
        out.write(jpeg, copied, at - copied);
        copied = end;
      }
      at = end;
    }
    if (out != null) {
      out.write(jpeg, copied, jpeg.length - copied);
    }
    byte[] plain = out == null ? jpeg : out.toByteArray();
    boolean guess = components == 3 && !told && transform < 0;
    return new JpegSegments(components, transform, exif, guess ? asYcbcr(plain) : plain);
  }

  /** libjpeg takes three components of unknown meaning for YCbCr, unless they are called RGB. */
  private static byte[] asYcbcr(byte[] jpeg) {
    byte[] told = new byte[jpeg.length + YCBCR.length];
    System.arraycopy(jpeg, 0, told, 0, 2);
    System.arraycopy(YCBCR, 0, told, 2, YCBCR.length);
    System.arraycopy(jpeg, 2, told, 2 + YCBCR.length, jpeg.length - 2);
    return told;
  }

  private static boolean isNamedRgb(byte[] jpeg, int at) {
    return jpeg[at] == 'R' && jpeg[at + 3] == 'G' && jpeg[at + 6] == 'B';
  }

  /** SOF0 to SOF15 without the tables DHT, JPG and DAC between them. */
  private static boolean isFrame(int marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
  }

  private static boolean begins(byte[] bytes, int from, int end, byte[] word) {
    int to = Math.min(end, from + word.length);
    return from <= to && Arrays.equals(bytes, from, to, word, 0, word.length);
  }
}
