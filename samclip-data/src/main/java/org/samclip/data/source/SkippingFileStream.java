package org.samclip.data.source;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Arrays;

/**
 * A stream over a file that skips by moving its position, knows where it is, and refuses archive
 * headers that want to be read into memory without end. What it hands out as headers it keeps until
 * the next one.
 */
final class SkippingFileStream extends InputStream {

  private static final int BLOCK = 512;

  /** Room for long names and extended headers of one member. */
  private static final long MAX_HEADER = 1 << 20;

  private final FileChannel channel;
  private final long size;
  private final ByteBuffer buffer = ByteBuffer.allocate(8192).limit(0);
  private long position;
  private long headerLeft = MAX_HEADER;
  private long payloadLeft;
  private final ByteArrayOutputStream headers = new ByteArrayOutputStream();
  private long headersFrom;

  /** The channel stays the caller's to close. */
  SkippingFileStream(FileChannel channel) throws IOException {
    this.channel = channel;
    size = channel.size();
  }

  long position() {
    return position;
  }

  long size() {
    return size;
  }

  /**
   * Called before each header: what follows may read as much as one header needs.
   *
   * @param payload bytes before it that nobody wants. The archive reader skips by reading; so these
   *     are passed over without being read from the file, whatever they are asked for with.
   */
  void allowHeader(long payload) {
    headerLeft = MAX_HEADER;
    payloadLeft = payload;
    headers.reset();
  }

  /** The header blocks that were read since {@link #allowHeader}. */
  byte[] headers() {
    byte[] read = headers.toByteArray();
    // What fills the last block of a payload comes first.
    int padding = (int) Math.min(read.length, -headersFrom & (BLOCK - 1));
    return Arrays.copyOfRange(read, padding, read.length);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] to, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (payloadLeft > 0) {
      int passed = (int) skip(Math.min(length, payloadLeft));
      payloadLeft -= passed;
      return passed == 0 ? -1 : passed;
    }
    if (!buffer.hasRemaining()) {
      buffer.clear();
      int got = channel.read(buffer, position);
      buffer.flip();
      if (got <= 0) {
        return -1;
      }
    }
    int count = Math.min(length, buffer.remaining());
    headerLeft -= count;
    if (headerLeft < 0) {
      throw new IOException("header of more than " + MAX_HEADER + " bytes");
    }
    buffer.get(to, offset, count);
    if (headers.size() == 0) {
      headersFrom = position;
    }
    headers.write(to, offset, count);
    position += count;
    return count;
  }

  @Override
  public long skip(long count) {
    long skipped = Math.max(0, Math.min(count, size - position));
    if (skipped <= buffer.remaining()) {
      buffer.position(buffer.position() + (int) skipped);
    } else {
      buffer.limit(0);
    }
    position += skipped;
    return skipped;
  }

  @Override
  public int available() {
    return (int) Math.min(Integer.MAX_VALUE, size - position);
  }
}
