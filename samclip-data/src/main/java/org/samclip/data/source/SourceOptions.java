package org.samclip.data.source;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.samclip.NearestName;
import org.samclip.UserError;

/**
 * What a source is opened with.
 *
 * @param name what messages call it
 * @param patterns where the data are; what they may name is the format's business
 * @param textRequired whether a sample without a caption is broken
 * @param upright whether images are turned as their EXIF orientation says
 * @param settings further settings of the format, by name
 * @param limits what one sample may cost
 * @param store opens archives
 */
public record SourceOptions(
    String name,
    List<String> patterns,
    boolean textRequired,
    boolean upright,
    Map<String, String> settings,
    DataLimits limits,
    ShardStore store) {

  /** Copies the lists. */
  public SourceOptions {
    patterns = List.copyOf(patterns);
    settings = Map.copyOf(settings);
    if (patterns.isEmpty()) {
      throw new UserError(name + ": no path given; name the data's files or folders");
    }
  }

  /**
   * Without captions, orientation and further settings.
   *
   * @param name what messages call it
   * @param patterns where the data are
   * @param limits what one sample may cost
   */
  public SourceOptions(String name, List<String> patterns, DataLimits limits) {
    this(name, patterns, false, false, Map.of(), limits, new ShardStore());
  }

  /**
   * The same with other settings.
   *
   * @param others by name
   * @return the options
   */
  public SourceOptions withSettings(Map<String, String> others) {
    return new SourceOptions(name, patterns, textRequired, upright, others, limits, store);
  }

  void checkSettings(Set<String> allowed) {
    for (String key : new TreeSet<>(settings.keySet())) {
      if (!allowed.contains(key)) {
        throw new UserError(
            name
                + ": unknown option '"
                + key
                + "', allowed: "
                + (allowed.isEmpty() ? "none" : String.join(", ", new TreeSet<>(allowed)))
                + "."
                + NearestName.hint(key, allowed));
      }
    }
  }

  /** A path that a setting names, or null. */
  Path path(String setting) {
    String value = settings.get(setting);
    return value == null ? null : Path.of(value).toAbsolutePath().normalize();
  }
}
