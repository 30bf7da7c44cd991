package org.samclip.data.cache;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import org.samclip.checkpoint.ContentHash;
import org.samclip.data.transform.Normalisation;
import org.samclip.data.transform.RgbImage;

/**
 * SHA-256 of what a network sees: an image's bytes and size, the square it is padded to, and how it
 * is normalised. No other sample, crop, resolution or normalisation can have the same key.
 *
 * @param a bytes 0 to 7 of the digest, as the others little-endian
 * @param b bytes 8 to 15
 * @param c bytes 16 to 23
 * @param d bytes 24 to 31
 */
public record FeatureKey(long a, long b, long c, long d) {

  static final int BYTES = 32;

  /** Width, height, side, divisor, three means, three deviations. */
  private static final int NUMBERS = 10;

  /**
   * @param image resized
   * @param side of the square that the network sees, pixels
   * @param normalisation of the bytes
   * @return its key
   */
  public static FeatureKey of(RgbImage image, int side, Normalisation normalisation) {
    ByteBuffer numbers =
        ByteBuffer.allocate(NUMBERS * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    numbers.putInt(image.width()).putInt(image.height()).putInt(side);
    numbers.putFloat(normalisation.divisor());
    normalisation.mean().forEach(numbers::putFloat);
    normalisation.std().forEach(numbers::putFloat);
    MessageDigest digest = ContentHash.newDigest();
    digest.update(numbers.flip());
    digest.update(image.rgb());
    return read(ByteBuffer.wrap(digest.digest()));
  }

  static FeatureKey read(ByteBuffer from) {
    ByteBuffer in = from.order(ByteOrder.LITTLE_ENDIAN);
    return new FeatureKey(in.getLong(), in.getLong(), in.getLong(), in.getLong());
  }

  void write(ByteBuffer to) {
    to.order(ByteOrder.LITTLE_ENDIAN).putLong(a).putLong(b).putLong(c).putLong(d);
  }
}
