package org.samclip.checkpoint;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Makes torch archives, sound and unsound ones, with pickles written instruction by instruction.
 */
final class TorchArchiveBuilder {

  private final ByteArrayOutputStream zipBytes = new ByteArrayOutputStream();
  private final ZipOutputStream zip = new ZipOutputStream(zipBytes);
  private final ByteArrayOutputStream pickle = new ByteArrayOutputStream();

  TorchArchiveBuilder() {
    raw(0x80, 2);
  }

  /** Any pickle instructions. */
  TorchArchiveBuilder raw(int... bytes) {
    for (int b : bytes) {
      pickle.write(b);
    }
    return this;
  }

  TorchArchiveBuilder string(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    pickle.write('X');
    pickle.writeBytes(little(4).putInt(utf8.length).array());
    pickle.writeBytes(utf8);
    return this;
  }

  TorchArchiveBuilder number(long value) {
    raw(0x8a, 8);
    pickle.writeBytes(little(8).putLong(value).array());
    return this;
  }

  TorchArchiveBuilder global(String module, String name) {
    pickle.writeBytes(("c" + module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
    return this;
  }

  TorchArchiveBuilder tuple(long... values) {
    raw('(');
    for (long value : values) {
      number(value);
    }
    return raw('t');
  }

  /** A tensor of storage 0, on the stack. */
  TorchArchiveBuilder tensor(
      String storageType, long count, long offset, long[] sizes, long[] strides) {
    global("torch._utils", "_rebuild_tensor_v2").raw('(', '(').string("storage");
    global("torch", storageType).string("0").string("cpu").number(count).raw('t', 'Q');
    number(offset).tuple(sizes).tuple(strides).raw(0x89);
    return global("collections", "OrderedDict").raw(')', 'R', 't', 'R');
  }

  TorchArchiveBuilder entry(String name, byte[] content) throws IOException {
    return entry(name, content, ZipEntry.STORED);
  }

  TorchArchiveBuilder entry(String name, byte[] content, int method) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(content);
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(method);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    if (method == ZipEntry.STORED) {
      entry.setCompressedSize(content.length);
    }
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
    return this;
  }

  /** The archive: a data.pkl of the instructions so far, and the entries. */
  byte[] build() throws IOException {
    entry("a/data.pkl", pickle.toByteArray());
    zip.close();
    return zipBytes.toByteArray();
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
