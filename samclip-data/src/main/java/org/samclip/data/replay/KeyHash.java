package org.samclip.data.replay;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import org.samclip.checkpoint.ContentHash;

/**
 * Stable 64-bit hashes of sample keys: the first 8 bytes of SHA-256. A key falls into the same
 * subset and on the same side of the hold-out on every machine, whatever else is in the data.
 */
public final class KeyHash {

  private KeyHash() {}

  /**
   * Hashes a key.
   *
   * @param purpose keeps draws for different purposes independent
   * @param key name of a sample
   * @return 64 well-mixed bits
   */
  public static long of(String purpose, String key) {
    MessageDigest digest = ContentHash.newDigest();
    digest.update(purpose.getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
    digest.update(key.getBytes(StandardCharsets.UTF_8));
    return ByteBuffer.wrap(digest.digest()).getLong();
  }

  /**
   * A key's place in 0..1.
   *
   * @param purpose keeps draws for different purposes independent
   * @param key name of a sample
   * @return at least 0, under 1
   */
  public static double share(String purpose, String key) {
    return (of(purpose, key) >>> 11) * 0x1.0p-53;
  }

  /**
   * The seed of what is random about one view of one sample, for example its crop.
   *
   * @param seed of the run
   * @param epoch of the stream
   * @param key name of the sample
   * @return a seed for {@link java.util.SplittableRandom}
   */
  public static long seed(long seed, long epoch, String key) {
    return of(seed + "/" + epoch, key);
  }
}
