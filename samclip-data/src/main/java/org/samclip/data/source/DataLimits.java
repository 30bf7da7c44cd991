package org.samclip.data.source;

import org.samclip.UserError;
import org.samclip.data.transform.ImageDecoder;

/**
 * What a single sample may cost; data from elsewhere is not trusted.
 *
 * @param maxPixels largest width times height of an image, read from its header
 * @param maxMemberBytes largest file or archive member that is read
 */
public record DataLimits(long maxPixels, long maxMemberBytes) {

  /** 50 megapixels, 64 MiB. */
  public static final DataLimits DEFAULT =
      new DataLimits(ImageDecoder.DEFAULT_MAX_PIXELS, 64L << 20);

  /** Checks the ranges. */
  public DataLimits {
    if (maxPixels < 1 || maxPixels > 500_000_000) {
      throw new UserError("max_pixels: " + maxPixels + ", allowed: 1..500000000");
    }
    if (maxMemberBytes < 1 || maxMemberBytes > 1L << 30) {
      throw new UserError("max_member_bytes: " + maxMemberBytes + ", allowed: 1.." + (1L << 30));
    }
  }
}
