package org.samclip.data.source;

import java.nio.file.Path;
import java.util.List;
import org.samclip.data.BrokenSampleException;

/**
 * A sample that has been found but not read: small enough to shuffle by the thousand.
 *
 * @param shard where it was found
 * @param key name of the sample
 * @param members the byte ranges of its fields
 * @param failure why it cannot be read, or {@code null}
 */
public record SampleRef(
    Shard shard, String key, List<Member> members, BrokenSampleException failure) {

  /**
   * One field's bytes.
   *
   * @param field lower-case extension, for example {@code jpg}
   * @param file the file that holds them, or {@code null} for the shard's own archive
   * @param offset first byte
   * @param size bytes
   */
  public record Member(String field, Path file, long offset, long size) {}

  private static final String REST = "(rest of ";

  /** Copies the list. */
  public SampleRef {
    members = List.copyOf(members);
  }

  static SampleRef broken(Shard shard, String key, BrokenSampleException failure) {
    return new SampleRef(shard, key, List.of(), failure);
  }

  /**
   * The entry for what is lost of a damaged shard.
   *
   * @param shard the damaged shard
   * @param failure what is wrong with it
   * @return the entry
   */
  static SampleRef rest(Shard shard, BrokenSampleException failure) {
    return broken(shard, REST + shard.name() + ")", failure);
  }

  /** Whether this stands for the lost rest of a damaged shard, not for a sample. */
  public boolean isRest() {
    return failure != null && key.startsWith(REST);
  }
}
