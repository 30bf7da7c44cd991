package org.samclip.data.source;

import java.net.URI;
import java.nio.file.Path;

/**
 * The unit in which a source is shuffled and listed: an archive, a folder, or a part of an
 * annotation file.
 *
 * @param name its name without the folders above it; what logs and lists show
 * @param location where it is: a path, or an {@code http(s)} address
 */
public record Shard(String name, String location) {

  /**
   * A shard on disk.
   *
   * @param name what logs and lists show
   * @param path where it is
   */
  public Shard(String name, Path path) {
    this(name, path.toString());
  }

  /**
   * A shard named by its last path element.
   *
   * @param path where it is
   * @return the shard
   */
  public static Shard of(Path path) {
    return new Shard(path.getFileName().toString(), path);
  }

  /**
   * A shard named by the last element of its address.
   *
   * @param address an {@code http} or {@code https} address
   * @return the shard
   */
  public static Shard of(URI address) {
    String path = address.getPath() == null ? "" : address.getPath();
    String last = path.substring(path.lastIndexOf('/') + 1);
    return new Shard(last.isEmpty() ? address.toString() : last, address.toString());
  }

  /** Whether the shard is read over the network. */
  public boolean isRemote() {
    return FilePatterns.isAddress(location);
  }

  /** Where it is on disk; of a remote shard its address as a path, at which there is nothing. */
  public Path path() {
    return Path.of(isRemote() ? location.replace(':', '_') : location);
  }
}
