package org.samclip.data.transform;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Walks a JPEG file's header segments (ITU-T T.81, annex B). */
final class JpegSegments {

  private static final int START_OF_SCAN = 0xDA;
  private static final int APP2 = 0xE2;
  private static final byte[] PROFILE = "ICC_PROFILE\0".getBytes(StandardCharsets.US_ASCII);

  private JpegSegments() {}

  /** The file without its embedded ICC profile; damaged headers are left to the decoder. */
  static byte[] withoutColourProfile(byte[] jpeg) {
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
      int id = Math.min(end, at + 4 + PROFILE.length);
      if (marker == APP2 && Arrays.equals(jpeg, at + 4, id, PROFILE, 0, PROFILE.length)) {
        out = out == null ? new ByteArrayOutputStream(jpeg.length) : out;
        out.write(jpeg, copied, at - copied);
        copied = end;
      }
      at = end;
    }
    if (out == null) {
      return jpeg;
    }
    out.write(jpeg, copied, jpeg.length - copied);
    return out.toByteArray();
  }
}
