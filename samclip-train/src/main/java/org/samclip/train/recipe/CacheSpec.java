package org.samclip.train.recipe;

import java.nio.file.Path;

/**
 * Where outputs of frozen networks are kept, for stages with {@code cache_features}.
 *
 * @param dir the folder, which runs may share; absent: the run's own, which goes when the run ends
 * @param maxGib of all files in it; beyond it the longest unused networks' outputs go
 */
public record CacheSpec(@Optional String dir, double maxGib) {

  /** Checks the limit. */
  public CacheSpec {
    if (dir != null) {
      Check.notBlank("dir", dir);
    }
    Check.positive("max_gib", maxGib);
  }

  /** The limit in bytes. */
  public long maxBytes() {
    return (long) (maxGib * (1L << 30));
  }

  /**
   * @param own folder of the run
   * @return the folder to use
   */
  public Path folder(Path own) {
    return dir == null ? own : Path.of(dir);
  }
}
