package org.samclip.data.prepare;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.attribute.FileTime;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.samclip.data.source.MemberName;

/** Writes samples to numbered tar files of limited size, the same bytes on every run. */
public final class TarShards implements AutoCloseable {

  private static final int BLOCK = 512;

  private final AsideFolder folder;
  private final String pattern;
  private final int maxSamples;
  private final long maxBytes;
  private TarArchiveOutputStream tar;
  private int shards;
  private int samples;
  private long bytes;

  /**
   * @param folder takes the files
   * @param pattern name of a shard with {@code %d} for its number
   * @param maxSamples most samples of a shard
   * @param maxBytes a sample that would bring a shard over it begins the next one; a single larger
   *     sample has a shard of its own
   */
  public TarShards(AsideFolder folder, String pattern, int maxSamples, long maxBytes) {
    this.folder = folder;
    this.pattern = pattern;
    this.maxSamples = maxSamples;
    this.maxBytes = maxBytes;
  }

  /**
   * Adds a sample, and begins the next shard before it where the last one is full.
   *
   * @param files contents by name, as {@link MemberName} writes names, in the order in which they
   *     are written
   * @throws IOException if the disk refuses
   */
  public void add(Map<String, byte[]> files) throws IOException {
    long size = 0;
    for (byte[] content : files.values()) {
      size += BLOCK + (content.length + BLOCK - 1L) / BLOCK * BLOCK;
    }
    if (tar == null || samples == maxSamples || (samples > 0 && bytes + size > maxBytes)) {
      close();
      OutputStream out = folder.open(String.format(Locale.ROOT, pattern, shards++));
      // Names are bytes; Latin-1 hands them through, also in GNU's long ones.
      tar = new TarArchiveOutputStream(new BufferedOutputStream(out, 1 << 16), "ISO-8859-1");
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_GNU);
      tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
      samples = 0;
      bytes = 0;
    }
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      TarArchiveEntry entry =
          new TarArchiveEntry(new String(MemberName.bytes(file.getKey()), ISO_8859_1));
      entry.setSize(file.getValue().length);
      entry.setModTime(FileTime.fromMillis(0));
      tar.putArchiveEntry(entry);
      tar.write(file.getValue());
      tar.closeArchiveEntry();
    }
    samples++;
    bytes += size;
  }

  /** Shards begun. */
  public int shards() {
    return shards;
  }

  @Override
  public void close() throws IOException {
    if (tar != null) {
      tar.close();
      tar = null;
    }
  }
}
