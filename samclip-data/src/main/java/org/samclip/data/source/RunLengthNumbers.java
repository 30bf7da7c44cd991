package org.samclip.data.source;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/**
 * Parquet's mixture of runs and packed bits, in which levels and places in a dictionary are stored.
 * Reads as far as it is asked, and holds one number at a time: what a run's header states is not
 * allocated.
 */
final class RunLengthNumbers {

  private final InputStream in;
  private final int width;

  /** Numbers that are left of the run. */
  private long left;

  private boolean packed;
  private int repeated;
  private long bits;
  private int bitCount;

  /**
   * @param in the runs
   * @param width bits of a number, 0..32
   */
  RunLengthNumbers(InputStream in, int width) throws IOException {
    if (width < 0 || width > 32) {
      throw new IOException("numbers of " + width + " bits, allowed: 0..32");
    }
    this.in = in;
    this.width = width;
  }

  /** The next number; those of 32 bits may come out negative. */
  int next() throws IOException {
    while (left == 0) {
      startRun();
    }
    left--;
    if (!packed) {
      return repeated;
    }
    while (bitCount < width) {
      bits |= (long) readByte() << bitCount;
      bitCount += 8;
    }
    int value = (int) (bits & (1L << width) - 1);
    bits >>>= width;
    bitCount -= width;
    return value;
  }

  private void startRun() throws IOException {
    long header = 0;
    int shift = 0;
    int piece;
    do {
      piece = readByte();
      header |= (long) (piece & 0x7F) << shift;
      shift += 7;
      if (shift > 35) {
        throw new IOException("damaged run length");
      }
    } while (piece >= 0x80);
    packed = (header & 1) == 1;
    left = packed ? (header >>> 1) * 8 : header >>> 1;
    bits = 0;
    bitCount = 0;
    if (!packed) {
      repeated = 0;
      for (int i = 0; i < width; i += 8) {
        repeated |= readByte() << i;
      }
    }
  }

  private int readByte() throws IOException {
    int value = in.read();
    if (value < 0) {
      throw new EOFException("a page ends within its numbers");
    }
    return value;
  }
}
