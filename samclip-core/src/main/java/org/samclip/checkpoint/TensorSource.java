package org.samclip.checkpoint;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Named tensors in a file. Opening reads names and shapes only; values are read on demand. All
 * methods throw {@link org.samclip.UserError} for an unknown name, with the nearest one as a hint.
 * Sources may be used by several threads.
 */
public interface TensorSource extends AutoCloseable {

  /**
   * @return the file
   */
  Path path();

  /**
   * @return all files it consists of: the one of {@link #path}, and for an index those it lists
   */
  default List<Path> files() {
    return List.of(path());
  }

  /**
   * @return all names, in the file's order
   */
  Set<String> names();

  /**
   * @param name a tensor's name
   * @return its type and shape
   */
  TensorInfo info(String name);

  /**
   * @return free text beside the tensors, empty when the format has none
   */
  Map<String, String> metadata();

  /**
   * @return what stands among or beside the tensors and is none that is read, such as an
   *     optimizer's state, an object, or a tensor of complex numbers: by name, what it is
   */
  default Map<String, String> unread() {
    return Map.of();
  }

  /**
   * @return what a person should know of how the tensors were found, a sentence each: prefixes
   *     taken off names, tensors left out
   */
  default List<String> notes() {
    return List.of();
  }

  /**
   * Reads a part of a tensor as raw little-endian, row-major bytes.
   *
   * @param name a tensor's name
   * @param position the first byte within the tensor; a multiple of the element size
   * @param target filled up to its limit; the remaining bytes are a multiple of the element size
   * @throws IndexOutOfBoundsException if the part is not within the tensor
   */
  void readBytes(String name, long position, ByteBuffer target);

  /**
   * @param name a tensor's name, of any type
   * @return its values in row-major order, as the nearest floats; booleans are 0 or 1
   */
  default float[] readFloats(String name) {
    return TensorReader.floats(this, info(name));
  }

  /**
   * @param name a tensor's name, of any type
   * @return its values in row-major order; booleans are 0 or 1
   */
  default double[] readDoubles(String name) {
    return TensorReader.doubles(this, info(name));
  }

  /**
   * Reads a part of a tensor.
   *
   * @param name a tensor's name, of any type
   * @param first the first element, in row-major order
   * @param target filled with the values from there on; booleans are 0 or 1
   * @throws IndexOutOfBoundsException if the part is not within the tensor
   */
  default void readDoubles(String name, long first, double[] target) {
    TensorReader.doubles(this, info(name), first, target);
  }

  /**
   * @param name the name of a tensor of integers or booleans
   * @return its values in row-major order; booleans are 0 or 1
   */
  default long[] readLongs(String name) {
    return TensorReader.longs(this, info(name));
  }

  /**
   * Reads a tensor into an array of type {@link TensorType#arrayType()}: half precision becomes
   * float32. The array owns its memory and does not depend on this source.
   *
   * @param name a tensor's name
   * @param manager what the array belongs to; gives the device
   * @return the array, with the tensor's shape and name
   */
  default NDArray read(String name, NDManager manager) {
    return TensorReader.array(this, info(name), manager);
  }

  /** Releases the file; later reads throw {@link IllegalStateException}. */
  @Override
  void close();
}
