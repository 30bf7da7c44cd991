package org.samclip.checkpoint;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.samclip.UserError;

/**
 * A safetensors file, memory-mapped and checked when opened: the header's length and JSON, types,
 * shapes, and that the tensors cover the data exactly, without overlap or hole. Files may be larger
 * than 2 GiB; single arrays may not. Format: {@code huggingface/safetensors}, "Format".
 */
public final class SafetensorsFile implements TensorSource {

  private final MappedFile file;
  private final SafetensorsHeader header;

  private SafetensorsFile(MappedFile file, SafetensorsHeader header) {
    this.file = file;
    this.header = header;
  }

  /**
   * @param path the file
   * @return the open file; values are not read yet
   * @throws UserError if it is missing or breaks the format; the message names file, tensor, cause
   */
  public static SafetensorsFile open(Path path) {
    return open(MappedFile.open(path));
  }

  static SafetensorsFile open(MappedFile file) {
    return new SafetensorsFile(file, SafetensorsHeader.read(file));
  }

  @Override
  public Path path() {
    return file.path();
  }

  @Override
  public Set<String> names() {
    return header.tensors().keySet();
  }

  @Override
  public TensorInfo info(String name) {
    return entry(name).info();
  }

  @Override
  public Map<String, String> metadata() {
    return header.metadata();
  }

  @Override
  public void readBytes(String name, long position, ByteBuffer target) {
    SafetensorsHeader.Entry entry = entry(name);
    if (position < 0 || position > entry.info().byteLength() - target.remaining()) {
      throw new IndexOutOfBoundsException(
          target.remaining() + " bytes at " + position + " of " + entry.info());
    }
    file.read(header.dataStart() + entry.begin() + position, target);
  }

  @Override
  public void close() {
    file.close();
  }

  private SafetensorsHeader.Entry entry(String name) {
    SafetensorsHeader.Entry entry = header.tensors().get(name);
    if (entry == null) {
      throw new UserError(path() + ": no tensor named " + name + Printable.hint(name, names()));
    }
    return entry;
  }
}
