package org.samclip.checkpoint;

import ai.djl.ndarray.NDArray;
import java.util.Arrays;

/**
 * Name, type and shape of one tensor in a file.
 *
 * @param name the tensor's name
 * @param type the element type in the file
 * @param shape the sizes of all axes; empty for a scalar
 */
public record TensorInfo(String name, TensorType type, long[] shape) {

  /** The engine's own limit on axes. */
  static final int MAX_AXES = 64;

  /**
   * @throws IllegalArgumentException if a size is negative, there are more than 64 axes, or the
   *     number of bytes does not fit 64 bits
   */
  public TensorInfo {
    shape = shape.clone();
    if (shape.length > MAX_AXES) {
      throw new IllegalArgumentException(shape.length + " axes, at most " + MAX_AXES);
    }
    // Sizes of zero count as one here, so that no product of some of the sizes can overflow later.
    long bytes = type.bytes();
    for (long size : shape) {
      if (size < 0) {
        throw new IllegalArgumentException("negative size in shape " + Arrays.toString(shape));
      }
      try {
        bytes = Math.multiplyExact(bytes, Math.max(size, 1));
      } catch (ArithmeticException e) {
        throw new IllegalArgumentException(
            "shape " + Arrays.toString(shape) + " overflows 64 bits", e);
      }
    }
  }

  /**
   * @param name under which the array is stored
   * @param array any array
   * @return as it stands in a file, in the array's own type
   */
  public static TensorInfo of(String name, NDArray array) {
    TensorType type =
        switch (array.getDataType()) {
          case FLOAT64 -> TensorType.F64;
          case FLOAT32 -> TensorType.F32;
          case FLOAT16 -> TensorType.F16;
          case INT64 -> TensorType.I64;
          case INT32 -> TensorType.I32;
          case INT16 -> TensorType.I16;
          case INT8 -> TensorType.I8;
          case UINT8 -> TensorType.U8;
          case BOOLEAN -> TensorType.BOOL;
          default ->
              throw new IllegalArgumentException(
                  "tensor %s of type %s cannot be stored; convert it first"
                      .formatted(name, array.getDataType()));
        };
    return new TensorInfo(name, type, array.getShape().getShape());
  }

  /**
   * @return the sizes of all axes, a copy
   */
  @Override
  public long[] shape() {
    return shape.clone();
  }

  /**
   * @return the number of elements; 1 for a scalar
   */
  public long elementCount() {
    long count = 1;
    for (long size : shape) {
      count *= size;
    }
    return count;
  }

  /**
   * @return the number of bytes of the contiguous tensor
   */
  public long byteLength() {
    return elementCount() * type.bytes();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TensorInfo info
        && name.equals(info.name)
        && type == info.type
        && Arrays.equals(shape, info.shape);
  }

  @Override
  public int hashCode() {
    return 31 * name.hashCode() + Arrays.hashCode(shape);
  }

  @Override
  public String toString() {
    return name + " " + type + " " + Arrays.toString(shape);
  }
}
