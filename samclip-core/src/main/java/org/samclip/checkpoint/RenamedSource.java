package org.samclip.checkpoint;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.samclip.UserError;

/**
 * Another checkpoint under other names, with tensors joined or transposed while they are read. What
 * {@link KeyMap} and {@link BareNames} make.
 */
final class RenamedSource implements TensorSource {

  private final TensorSource source;
  private final Map<String, Tensor> tensors;
  private final Map<String, String> unread;
  private final List<String> notes;

  /**
   * @param info as it is presented
   * @param parts tensors of the file that follow each other along the first axis
   * @param transposed whether it is the transpose of its only part
   */
  record Tensor(TensorInfo info, List<TensorInfo> parts, boolean transposed) {}

  /**
   * @param source which this closes
   * @param tensors by the new names
   * @param unread by the new names
   * @param notes added to the source's own
   */
  RenamedSource(
      TensorSource source,
      Map<String, Tensor> tensors,
      Map<String, String> unread,
      List<String> notes) {
    this.source = source;
    this.tensors = Collections.unmodifiableMap(tensors);
    this.unread = Collections.unmodifiableMap(unread);
    this.notes = Stream.concat(source.notes().stream(), notes.stream()).toList();
  }

  @Override
  public Path path() {
    return source.path();
  }

  @Override
  public List<Path> files() {
    return source.files();
  }

  @Override
  public Set<String> names() {
    return tensors.keySet();
  }

  @Override
  public TensorInfo info(String name) {
    return tensor(name).info;
  }

  @Override
  public Map<String, String> metadata() {
    return source.metadata();
  }

  @Override
  public Map<String, String> unread() {
    return unread;
  }

  @Override
  public List<String> notes() {
    return notes;
  }

  @Override
  public void readBytes(String name, long position, ByteBuffer target) {
    Tensor tensor = tensor(name);
    if (position < 0 || position > tensor.info.byteLength() - target.remaining()) {
      throw new IndexOutOfBoundsException(
          target.remaining() + " bytes at " + position + " of " + tensor.info);
    }
    if (tensor.transposed) {
      readTransposed(tensor, position, target);
    } else {
      readJoined(tensor, position, target);
    }
  }

  private void readJoined(Tensor tensor, long position, ByteBuffer target) {
    int limit = target.limit();
    long start = 0;
    for (TensorInfo part : tensor.parts) {
      long offset = position - start;
      if (target.remaining() > 0 && offset < part.byteLength()) {
        int count = (int) Math.min(limit - target.position(), part.byteLength() - offset);
        target.limit(target.position() + count);
        source.readBytes(part.name(), offset, target);
        target.limit(limit);
        position += count;
      }
      start += part.byteLength();
    }
  }

  /** One element at a time: only CLIP's two projections need it. */
  private void readTransposed(Tensor tensor, long position, ByteBuffer target) {
    TensorInfo part = tensor.parts.get(0);
    int width = part.type().bytes();
    long rows = tensor.info.shape()[1];
    long columns = tensor.info.shape()[0];
    int limit = target.limit();
    for (long element = position / width; target.position() < limit; element++) {
      long inFile = element % rows * columns + element / rows;
      target.limit(target.position() + width);
      source.readBytes(part.name(), inFile * width, target);
      target.limit(limit);
    }
  }

  @Override
  public void close() {
    source.close();
  }

  private Tensor tensor(String name) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new UserError(path() + ": no tensor named " + name + Printable.hint(name, names()));
    }
    return tensor;
  }
}
