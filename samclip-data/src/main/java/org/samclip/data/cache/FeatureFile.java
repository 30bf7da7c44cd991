package org.samclip.data.cache;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import org.samclip.UserError;

/**
 * Rows of float32 by key, in a file that lives as long as this object. Rows are exact, so that a
 * computation gives the same with and without. The index is in memory; used by one thread.
 */
public final class FeatureFile implements AutoCloseable {

  private final Path file;
  private final int length;
  private final FileChannel channel;
  private final ByteBuffer buffer;
  private final Map<String, Long> rows = new HashMap<>();
  private long hits;
  private long misses;

  /**
   * @param file made new; its folders are made, too
   * @param length values in a row
   * @throws UserError if the file cannot be made
   */
  public FeatureFile(Path file, int length) {
    this.file = file;
    this.length = length;
    this.buffer =
        ByteBuffer.allocateDirect(Math.multiplyExact(length, Float.BYTES))
            .order(ByteOrder.nativeOrder());
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      channel =
          FileChannel.open(
              file,
              StandardOpenOption.CREATE,
              StandardOpenOption.TRUNCATE_EXISTING,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new UserError("cache_features: cannot make " + file + ": " + e.getMessage(), e);
    }
  }

  /**
   * @param key of a row
   * @return whether it is there; counted as a hit or a miss
   */
  public boolean contains(String key) {
    boolean there = rows.containsKey(key);
    if (there) {
      hits++;
    } else {
      misses++;
    }
    return there;
  }

  /**
   * @param key of a row that is there
   * @param target takes the row
   * @param offset where in the target
   */
  public void read(String key, float[] target, int offset) {
    buffer.clear();
    try {
      long position = rows.get(key);
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, position + buffer.position()) < 0) {
          throw new UserError("cache_features: " + file + " was cut while in use");
        }
      }
    } catch (IOException e) {
      throw new UserError("cache_features: cannot read " + file + ": " + e.getMessage(), e);
    }
    buffer.flip();
    buffer.asFloatBuffer().get(target, offset, length);
  }

  /**
   * Adds a row; one that is there already stays.
   *
   * @param key of the row
   * @param source holds the row
   * @param offset where in the source
   */
  public void write(String key, float[] source, int offset) {
    if (rows.containsKey(key)) {
      return;
    }
    buffer.clear();
    buffer.asFloatBuffer().put(source, offset, length);
    long start = (long) rows.size() * length * Float.BYTES;
    try {
      long position = start;
      while (buffer.hasRemaining()) {
        position += channel.write(buffer, position);
      }
    } catch (IOException e) {
      throw new UserError(
          "cache_features: cannot write "
              + file
              + ": "
              + e.getMessage()
              + "; free disk space, or set cache_features: false",
          e);
    }
    rows.put(key, start);
  }

  /** Share of the rows asked for that were there, 0 to 1. */
  public double hitRate() {
    return hits + misses == 0 ? 0 : (double) hits / (hits + misses);
  }

  /** Removes the file. */
  @Override
  public void close() {
    try {
      channel.close();
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UserError("cache_features: cannot remove " + file + ": " + e.getMessage(), e);
    }
  }
}
