package org.samclip.kernel;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Packs TorchScript source text into the archive that {@code torch::jit::load} reads: a stored zip
 * of the source, a pickle that makes one parameterless module of the class, and a few constants.
 */
final class TorchScriptPacker {

  /** Pickle protocol 2 of an empty tuple: no tensor constants. */
  private static final byte[] NO_CONSTANTS = {(byte) 0x80, 2, ')', '.'};

  private TorchScriptPacker() {}

  /**
   * @param className the class in the source to instantiate
   * @param source TorchScript's serialised dialect, one class
   * @return the archive's bytes
   */
  static byte[] pack(String className, String source) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.setMethod(ZipOutputStream.STORED);
      store(zip, className + "/data.pkl", modulePickle(className));
      store(zip, className + "/code/__torch__.py", source.getBytes(StandardCharsets.UTF_8));
      store(zip, className + "/constants.pkl", NO_CONSTANTS);
      store(zip, className + "/version", "3\n".getBytes(StandardCharsets.UTF_8));
      store(zip, className + "/byteorder", "little".getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e); // cannot happen: the stream is memory
    }
    return bytes.toByteArray();
  }

  private static byte[] modulePickle(String className) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(0x80);
    out.write(2);
    out.write(("c__torch__\n" + className + "\n").getBytes(StandardCharsets.UTF_8)); // GLOBAL
    out.write(new byte[] {'q', 0}); // BINPUT 0
    out.write(new byte[] {')', (byte) 0x81, '}', '('}); // EMPTY_TUPLE NEWOBJ EMPTY_DICT MARK
    string(out, "training");
    out.write(new byte[] {'q', 1, (byte) 0x88}); // BINPUT 1, NEWTRUE
    string(out, "_is_full_backward_hook");
    out.write(new byte[] {'q', 2, 'N'}); // BINPUT 2, NONE
    out.write(new byte[] {'u', 'b', 'q', 3, '.'}); // SETITEMS BUILD BINPUT 3 STOP
    return out.toByteArray();
  }

  private static void string(ByteArrayOutputStream out, String text) throws IOException {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    out.write('X'); // BINUNICODE
    out.write(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(utf8.length).array());
    out.write(utf8);
  }

  private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(content);
    ZipEntry entry = new ZipEntry(name);
    entry.setSize(content.length);
    entry.setCompressedSize(content.length);
    entry.setCrc(crc.getValue());
    entry.setTime(0);
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
