package org.samclip.data.cache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.zip.CRC32C;
import org.samclip.UserError;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rows of one network by key, in a file that outlives this object: a header with the network's
 * hash, then records of key, checksum and row, only ever appended. A record that a crash has cut
 * off is dropped when the file is opened, one that is damaged when it is read. Only one process
 * writes to a file; others that open it read what they find. The index is in memory, about 120
 * bytes a row; used by one thread.
 */
public final class FeatureFile implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(FeatureFile.class);

  /** "samclipF" as bytes, then the version of this form. */
  private static final long MAGIC = 0x4670696c636d6173L;

  private static final int VERSION = 1;
  private static final int HASH = 32;
  private static final int HEADER = Long.BYTES + 2 * Integer.BYTES + HASH;
  private static final int ROW_AT = FeatureKey.BYTES + Integer.BYTES;

  private final CacheFolder folder;
  private final Path file;
  private final FileChannel channel;
  private final ByteBuffer record;
  private final Map<FeatureKey, Long> rows = new HashMap<>();
  private final CRC32C checksum = new CRC32C();
  private boolean writable;
  private long records;
  private CacheUse use = CacheUse.NONE;

  /**
   * @param folder grants the space
   * @param file made if it is missing
   * @param network 64 hexadecimal digits that no other network has
   * @param rowBytes of each row
   */
  FeatureFile(CacheFolder folder, Path file, String network, int rowBytes) {
    this.folder = folder;
    this.file = file;
    this.record =
        ByteBuffer.allocateDirect(Math.addExact(ROW_AT, rowBytes)).order(ByteOrder.LITTLE_ENDIAN);
    try {
      channel =
          FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
      try {
        writable = lock();
        open(header(network, rowBytes));
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UserError("cache: cannot open " + file + ": " + e.getMessage(), e);
    }
    if (!writable) {
      LOG.info("{}: another run writes to it; what it holds now is used, nothing is added", file);
    }
  }

  private boolean lock() throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false; // another run within this process
    }
  }

  private static ByteBuffer header(String network, int rowBytes) {
    return ByteBuffer.allocate(HEADER)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(MAGIC)
        .putInt(VERSION)
        .putInt(rowBytes)
        .put(HexFormat.of().parseHex(network))
        .flip();
  }

  private void open(ByteBuffer expected) throws IOException {
    ByteBuffer found = ByteBuffer.allocate(HEADER);
    if (!readFully(found, 0) || !found.flip().equals(expected)) {
      if (writable) {
        if (channel.size() > 0) {
          LOG.warn("{}: not written by this version for this network; begun anew", file);
        }
        channel.truncate(0);
        writeFully(expected, 0);
      }
      return;
    }
    records = (channel.size() - HEADER) / record.capacity();
    if (writable) {
      channel.truncate(position(records));
    }
    ByteBuffer key = ByteBuffer.allocate(FeatureKey.BYTES);
    for (long i = 0; i < records; i++) {
      if (readFully(key.clear(), position(i))) {
        rows.put(FeatureKey.read(key.flip()), i);
      }
    }
  }

  private long position(long index) {
    return HEADER + index * record.capacity();
  }

  /** Whether there was so much to read. */
  private boolean readFully(ByteBuffer target, long position) throws IOException {
    long start = position - target.position();
    while (target.hasRemaining()) {
      if (channel.read(target, start + target.position()) < 0) {
        return false;
      }
    }
    return true;
  }

  private void writeFully(ByteBuffer source, long position) throws IOException {
    long start = position - source.position();
    while (source.hasRemaining()) {
      channel.write(source, start + source.position());
    }
  }

  /**
   * Looks for a row; counted as a hit or a miss.
   *
   * @param key of the row
   * @param row takes it, whole
   * @return whether it was there, undamaged; if not, the target is undefined
   */
  public boolean read(FeatureKey key, ByteBuffer row) {
    Long at = rows.get(key);
    if (at == null) {
      use = use.plus(new CacheUse(0, 1, 0, 0));
      return false;
    }
    try {
      boolean whole = readFully(record.clear(), position(at)) && undamaged(key);
      use = use.plus(whole ? new CacheUse(1, 0, 0, 0) : new CacheUse(0, 1, 0, 1));
      if (whole) {
        row.put(record.position(ROW_AT));
      } else {
        rows.remove(key);
      }
      return whole;
    } catch (IOException e) {
      throw new UserError(
          "cache: cannot read "
              + file
              + ": "
              + e.getMessage()
              + "; delete the file, or set cache_features: false",
          e);
    }
  }

  private boolean undamaged(FeatureKey key) {
    return FeatureKey.read(record.flip()).equals(key) && record.getInt(FeatureKey.BYTES) == sum();
  }

  /** Of the key and the row in the buffer. */
  private int sum() {
    checksum.reset();
    checksum.update(record.duplicate().limit(FeatureKey.BYTES).position(0));
    checksum.update(record.duplicate().limit(record.capacity()).position(ROW_AT));
    return (int) checksum.getValue();
  }

  /**
   * Keeps a row, if there is room; one that is there already stays.
   *
   * @param key of the row
   * @param row its bytes, all that remain
   */
  public void write(FeatureKey key, ByteBuffer row) {
    if (rows.containsKey(key)) {
      return;
    }
    if (!writable || !folder.grant(record.capacity())) {
      use = use.plus(new CacheUse(0, 0, 1, 0));
      return;
    }
    record.clear();
    key.write(record);
    record.putInt(0).put(row.duplicate());
    record.putInt(FeatureKey.BYTES, sum());
    try {
      writeFully(record.flip(), position(records));
      rows.put(key, records++);
    } catch (IOException e) {
      // A run does not need its cache: it goes on, and what is not kept is counted.
      LOG.warn("{}: cannot be written, nothing more is added: {}", file, e.getMessage());
      writable = false;
      use = use.plus(new CacheUse(0, 0, 1, 0));
    }
  }

  /** What this object was asked so far. */
  public CacheUse use() {
    return use;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UserError("cache: cannot close " + file + ": " + e.getMessage(), e);
    }
  }
}
