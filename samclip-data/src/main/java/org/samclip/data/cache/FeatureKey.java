package org.samclip.data.cache;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import org.samclip.checkpoint.ContentHash;

/**
 * SHA-256 of what a network sees. As the values themselves are hashed, no other sample, crop,
 * resolution or normalisation can have the same key.
 *
 * @param a bytes 0 to 7 of the digest, as the others little-endian
 * @param b bytes 8 to 15
 * @param c bytes 16 to 23
 * @param d bytes 24 to 31
 */
public record FeatureKey(long a, long b, long c, long d) {

  static final int BYTES = 32;

  private static final int PIECE = 1 << 14;

  /**
   * @param values holds the input
   * @param from its first value
   * @param to end, exclusive
   * @return its key
   */
  public static FeatureKey of(float[] values, int from, int to) {
    MessageDigest digest = ContentHash.newDigest();
    ByteBuffer piece = ByteBuffer.allocate(PIECE * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = from; at < to; at += PIECE) {
      int count = Math.min(PIECE, to - at);
      piece.clear().asFloatBuffer().put(values, at, count);
      digest.update(piece.limit(count * Float.BYTES));
    }
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
