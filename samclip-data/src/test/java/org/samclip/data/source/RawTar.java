package org.samclip.data.source;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Writes tar archives whose members are named by bytes, in each of the ways there are. */
final class RawTar {

  private static final int BLOCK = 512;

  /** Where a name stands. */
  enum Place {
    /** In the header's own field, up to 100 bytes. */
    HEADER,
    /** In an extended header as POSIX has it. */
    PAX,
    /** In a member before it as GNU has it. */
    GNU
  }

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  RawTar add(Place place, byte[] name, byte[] content) {
    byte[] own = Arrays.copyOf(name, Math.min(name.length, 100));
    switch (place) {
      case PAX -> {
        int length = name.length + " path=\n".length();
        int digits = String.valueOf(length + 3).length();
        put("pax".getBytes(StandardCharsets.US_ASCII), 'x', record(length + digits, name));
        own = new byte[] {'?'};
      }
      case GNU ->
          put(
              "././@LongLink".getBytes(StandardCharsets.US_ASCII),
              'L',
              Arrays.copyOf(name, name.length + 1));
      default -> {}
    }
    put(own, '0', content);
    return this;
  }

  private static byte[] record(int length, byte[] name) {
    ByteArrayOutputStream record = new ByteArrayOutputStream();
    record.writeBytes(
        ("21 comment=something\n" + length + " path=").getBytes(StandardCharsets.US_ASCII));
    record.writeBytes(name);
    record.write('\n');
    return record.toByteArray();
  }

  private void put(byte[] name, char type, byte[] content) {
    byte[] header = new byte[BLOCK];
    System.arraycopy(name, 0, header, 0, name.length);
    field(header, 100, "0000644");
    field(header, 108, "0000000");
    field(header, 116, "0000000");
    field(header, 124, String.format("%011o", content.length));
    field(header, 136, "00000000000");
    header[156] = (byte) type;
    field(header, 257, "ustar");
    field(header, 263, "00");
    TarIndexTest.checksum(header, 0);
    bytes.writeBytes(header);
    bytes.writeBytes(Arrays.copyOf(content, (content.length + BLOCK - 1) / BLOCK * BLOCK));
  }

  private static void field(byte[] header, int at, String text) {
    byte[] ascii = text.getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(ascii, 0, header, at, ascii.length);
  }

  Path write(Path file) throws java.io.IOException {
    bytes.writeBytes(new byte[2 * BLOCK]);
    return Files.write(file, bytes.toByteArray());
  }
}
