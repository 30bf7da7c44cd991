package org.samclip.kernel;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.samclip.checkpoint.PickleWriter;
import org.samclip.checkpoint.TorchArchiveWriter;

/**
 * Packs TorchScript source text into the archive that {@code torch::jit::load} reads: a stored zip
 * of the source, a pickle that makes one parameterless module of the class, and a few constants.
 */
final class TorchScriptPacker {

  private static final int VERSION = 3;

  private TorchScriptPacker() {}

  /**
   * @param className the class in the source to instantiate
   * @param source TorchScript's serialised dialect, one class
   * @return the archive's bytes
   */
  static byte[] pack(String className, String source) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (TorchArchiveWriter archive = new TorchArchiveWriter(bytes, className, VERSION)) {
      archive.entry("data.pkl", new PickleWriter().beginModule(className).endModule().finish());
      archive.text("code/__torch__.py", source);
      archive.entry("constants.pkl", new PickleWriter().tuple().finish());
    } catch (IOException e) {
      throw new UncheckedIOException(e); // cannot happen: the stream is memory
    }
    return bytes.toByteArray();
  }
}
