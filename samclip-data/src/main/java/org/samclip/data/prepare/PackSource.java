package org.samclip.data.prepare;

import java.util.List;
import java.util.Map;
import org.samclip.data.BadAnnotation;

/** What can be packed into shards: samples in a fixed order, read one by one. */
public interface PackSource {

  /**
   * What one sample gives.
   *
   * @param files contents by member name, in the order in which they are to be stored; none: the
   *     sample has no object and is left out
   * @param annotations that are good
   * @param bad annotations that are left out
   */
  record Contents(Map<String, byte[]> files, int annotations, List<BadAnnotation> bad) {

    /** Of a sample that is stored as it is. */
    static Contents of(Map<String, byte[]> files) {
      return new Contents(files, 0, List.of());
    }
  }

  /** A sample that has not been read. */
  interface Item {

    /** Where it is, for the quarantine list. */
    String place();

    /** Which it is, for messages. */
    String key();

    /**
     * Reads and checks it; called on any thread.
     *
     * @return its contents
     * @throws org.samclip.data.BrokenSampleException if it cannot be used
     */
    Contents read();
  }

  /** What messages call it. */
  String name();

  /** Name of a shard, with {@code %d} for its number. */
  String pattern();

  /** Number of parts, of which one is held in memory at a time. */
  default int parts() {
    return 1;
  }

  /**
   * One part's samples; parts follow each other.
   *
   * @param part from 0
   * @return its samples in order
   */
  List<Item> part(int part);
}
