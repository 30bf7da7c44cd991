package org.samclip.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.samclip.UserError;

/**
 * A file mapped read-only in pieces of 1 GiB, addressed with 64 bits. The file must not shrink
 * while it is open; our own writers replace files and never change them in place.
 */
final class MappedFile implements AutoCloseable {

  private static final int PIECE_BITS = 30;
  private static final long PIECE = 1L << PIECE_BITS;

  private final Path path;
  private final long size;
  private volatile MappedByteBuffer[] pieces;

  private MappedFile(Path path, long size, MappedByteBuffer[] pieces) {
    this.path = path;
    this.size = size;
    this.pieces = pieces;
  }

  /**
   * @param path a regular file
   * @return the mapped file
   * @throws UserError if there is no such file or it cannot be read
   */
  static MappedFile open(Path path) {
    if (Files.isDirectory(path)) {
      throw new UserError(path + " is a folder; a checkpoint file is needed");
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long size = channel.size();
      MappedByteBuffer[] pieces = new MappedByteBuffer[(int) ((size + PIECE - 1) >> PIECE_BITS)];
      for (int i = 0; i < pieces.length; i++) {
        long start = (long) i << PIECE_BITS;
        pieces[i] =
            channel.map(FileChannel.MapMode.READ_ONLY, start, Math.min(PIECE, size - start));
      }
      return new MappedFile(path, size, pieces);
    } catch (NoSuchFileException e) {
      throw new UserError("no such checkpoint file: " + path, e);
    } catch (IOException e) {
      throw new UserError("cannot read checkpoint file " + path + ": " + e.getMessage(), e);
    }
  }

  Path path() {
    return path;
  }

  long size() {
    return size;
  }

  /**
   * @param position the first byte
   * @param target filled up to its limit
   * @throws IndexOutOfBoundsException if the range is not within the file
   */
  void read(long position, ByteBuffer target) {
    MappedByteBuffer[] current = pieces;
    if (current == null) {
      throw new IllegalStateException(path + " is closed");
    }
    if (position < 0 || position > size - target.remaining()) {
      throw new IndexOutOfBoundsException(
          target.remaining() + " bytes at " + position + " of " + size + " in " + path);
    }
    while (target.hasRemaining()) {
      ByteBuffer piece = current[(int) (position >> PIECE_BITS)];
      int offset = (int) (position & (PIECE - 1));
      int count = Math.min(target.remaining(), piece.capacity() - offset);
      target.put(piece.slice(offset, count));
      position += count;
    }
  }

  /**
   * @param position the first byte
   * @param count how many
   * @return the bytes; the caller has checked that they are few
   */
  byte[] bytes(long position, int count) {
    byte[] bytes = new byte[count];
    read(position, ByteBuffer.wrap(bytes));
    return bytes;
  }

  /**
   * @param position of the first of 8 little-endian bytes
   * @return the number
   */
  long int64(long position) {
    return ByteBuffer.wrap(bytes(position, 8)).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  /** Lets go of the maps; the collector unmaps them. */
  @Override
  public void close() {
    pieces = null;
  }
}
