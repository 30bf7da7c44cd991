package org.samclip.data.transform;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;

/**
 * Writes one-channel PNG files of every bit depth (W3C PNG, sections 7 to 11), which the JDK's
 * writer cannot.
 *
 * @param width pixels
 * @param height pixels
 * @param bits of a value: 1, 2, 4, 8 or 16
 * @param palette whether values are places in a palette, else grey levels
 * @param interlaced whether the rows come in Adam7's seven passes
 * @param transparent whether a tRNS chunk makes value 0 transparent
 */
public record TestPng(
    int width, int height, int bits, boolean palette, boolean interlaced, boolean transparent) {

  private static final int[][] ADAM7 = {
    {0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}
  };

  public byte[] write(int[] values) {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    try {
      png.write(new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'});
      ByteArrayOutputStream header = new ByteArrayOutputStream();
      DataOutputStream fields = new DataOutputStream(header);
      fields.writeInt(width);
      fields.writeInt(height);
      fields.write(new byte[] {(byte) bits, (byte) (palette ? 3 : 0), 0, 0});
      fields.write(interlaced ? 1 : 0);
      chunk(png, "IHDR", header.toByteArray());
      if (palette) {
        byte[] colours = new byte[3 << bits];
        for (int i = 0; i < colours.length; i++) {
          colours[i] = (byte) (37 * i);
        }
        chunk(png, "PLTE", colours);
      }
      if (transparent) {
        chunk(png, "tRNS", palette ? new byte[] {0} : new byte[] {0, 0});
      }
      ByteArrayOutputStream rows = new ByteArrayOutputStream();
      try (DeflaterOutputStream packed = new DeflaterOutputStream(rows)) {
        for (int[] pass : interlaced ? ADAM7 : new int[][] {{0, 0, 1, 1}}) {
          pass(values, pass, packed);
        }
      }
      chunk(png, "IDAT", rows.toByteArray());
      chunk(png, "IEND", new byte[0]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return png.toByteArray();
  }

  /** The rows of one pass, without a filter; of a pass without a pixel nothing is stored. */
  private void pass(int[] values, int[] pass, DeflaterOutputStream out) throws IOException {
    for (int y = pass[1]; y < height && pass[0] < width; y += pass[3]) {
      out.write(0);
      int held = 0;
      int filled = 0;
      for (int x = pass[0]; x < width; x += pass[2]) {
        held = held << bits | values[y * width + x];
        filled += bits;
        while (filled >= 8) {
          filled -= 8;
          out.write(held >> filled);
        }
      }
      if (filled > 0) {
        out.write(held << 8 - filled);
      }
    }
  }

  private static void chunk(ByteArrayOutputStream png, String type, byte[] content)
      throws IOException {
    DataOutputStream out = new DataOutputStream(png);
    out.writeInt(content.length);
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    out.write(name);
    out.write(content);
    CRC32 check = new CRC32();
    check.update(name);
    check.update(content);
    out.writeInt((int) check.getValue());
  }
}
