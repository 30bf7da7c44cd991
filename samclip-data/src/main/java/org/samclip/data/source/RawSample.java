package org.samclip.data.source;

import java.util.Map;
import org.samclip.data.BrokenSampleException;

/**
 * A sample's fields as they are stored.
 *
 * @param key name of the sample
 * @param fields bytes by lower-case extension
 */
public record RawSample(String key, Map<String, byte[]> fields) {

  /** Copies the map. */
  public RawSample {
    fields = Map.copyOf(fields);
  }

  /**
   * The first field that is there.
   *
   * @param extensions in order of preference
   * @return its bytes
   * @throws BrokenSampleException if there is none
   */
  public byte[] require(String... extensions) {
    for (String extension : extensions) {
      byte[] bytes = fields.get(extension);
      if (bytes != null) {
        return bytes;
      }
    }
    throw new BrokenSampleException(
        BrokenSampleException.Kind.MISSING_FIELD,
        key
            + ": no field "
            + String.join(", ", extensions)
            + "; found: "
            + String.join(", ", fields.keySet().stream().sorted().toList()));
  }
}
