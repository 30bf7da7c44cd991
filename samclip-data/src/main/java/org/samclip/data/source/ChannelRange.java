package org.samclip.data.source;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/** A part of a file as a stream. Has a position of its own, so that several can read one file. */
final class ChannelRange extends InputStream {

  private static final int BUFFER = 1 << 16;

  private final FileChannel file;
  private final long to;
  private final ByteBuffer buffer;
  private long next;

  /**
   * @param file stays the caller's to close
   * @param from first byte
   * @param to byte behind the last one
   * @throws EOFException if the file does not reach so far
   */
  ChannelRange(FileChannel file, long from, long to) throws IOException {
    if (from < 0 || from > to || to > file.size()) {
      throw new EOFException("bytes " + from + ".." + to + " of a file of " + file.size());
    }
    this.file = file;
    this.to = to;
    next = from;
    buffer = ByteBuffer.allocate((int) Math.min(BUFFER, to - from)).limit(0);
  }

  /** Where in the file the next byte is. */
  long position() {
    return next - buffer.remaining();
  }

  @Override
  public int read() throws IOException {
    return buffer.hasRemaining() || fill() ? buffer.get() & 0xFF : -1;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (!buffer.hasRemaining() && !fill()) {
      return -1;
    }
    int count = Math.min(length, buffer.remaining());
    buffer.get(bytes, offset, count);
    return count;
  }

  @Override
  public int available() {
    return (int) Math.min(Integer.MAX_VALUE, to - position());
  }

  private boolean fill() throws IOException {
    if (next == to) {
      return false;
    }
    buffer.clear().limit((int) Math.min(buffer.capacity(), to - next));
    int got = file.read(buffer, next);
    buffer.flip();
    if (got <= 0) {
      throw new EOFException("the file became shorter while it was read");
    }
    next += got;
    return true;
  }
}
