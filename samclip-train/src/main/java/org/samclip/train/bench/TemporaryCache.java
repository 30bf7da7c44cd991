package org.samclip.train.bench;

import java.util.Optional;
import org.samclip.data.cache.CacheFolder;

/** A cache without limit in a temporary folder, or none. */
final class TemporaryCache implements AutoCloseable {

  private final TemporaryFolder temporary = TemporaryFolder.create();
  private final Optional<CacheFolder> folder;

  TemporaryCache(boolean wanted) {
    folder =
        wanted ? Optional.of(new CacheFolder(temporary.path(), Long.MAX_VALUE)) : Optional.empty();
  }

  Optional<CacheFolder> folder() {
    return folder;
  }

  @Override
  public void close() {
    folder.ifPresent(CacheFolder::close);
    temporary.close();
  }
}
