package org.samclip.data.source;

import java.nio.file.Path;

/**
 * The unit in which a source is shuffled and listed: an archive or a folder.
 *
 * @param name its name without the folders above it; what logs and lists show
 * @param path where it is
 */
public record Shard(String name, Path path) {

  /**
   * A shard named by its last path element.
   *
   * @param path where it is
   * @return the shard
   */
  public static Shard of(Path path) {
    return new Shard(path.getFileName().toString(), path);
  }
}
