package org.samclip.data.scenes;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.util.Date;
import java.util.Locale;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** Writes samples to numbered tar files, the same bytes on every run. */
final class TarShards implements AutoCloseable {

  private final AsideFolder folder;
  private final String pattern;
  private final int samplesPerShard;
  private TarArchiveOutputStream tar;
  private int samples;

  /**
   * @param pattern name of a shard with {@code %d} for its number
   */
  TarShards(AsideFolder folder, String pattern, int samplesPerShard) {
    this.folder = folder;
    this.pattern = pattern;
    this.samplesPerShard = samplesPerShard;
  }

  /** Begins the next sample, and the next shard where the last one is full. */
  void nextSample() throws IOException {
    if (samples % samplesPerShard == 0) {
      close();
      String name = String.format(Locale.ROOT, pattern, samples / samplesPerShard);
      tar =
          new TarArchiveOutputStream(new BufferedOutputStream(folder.open(name), 1 << 16), "UTF-8");
    }
    samples++;
  }

  void file(String name, byte[] content) throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name);
    entry.setSize(content.length);
    entry.setModTime(new Date(0));
    tar.putArchiveEntry(entry);
    tar.write(content);
    tar.closeArchiveEntry();
  }

  @Override
  public void close() throws IOException {
    if (tar != null) {
      tar.close();
      tar = null;
    }
  }
}
