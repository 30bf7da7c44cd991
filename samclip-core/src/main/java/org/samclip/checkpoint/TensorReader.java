package org.samclip.checkpoint;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.samclip.UserError;

/** Turns the raw bytes of a {@link TensorSource} into Java arrays and engine arrays, in pieces. */
final class TensorReader {

  /** Bytes read at once; a multiple of every element size. */
  private static final int PIECE = 1 << 20;

  private TensorReader() {}

  /** Takes one element at the buffer's position. */
  @FunctionalInterface
  private interface Element {
    void take(ByteBuffer from, int index);
  }

  static float[] floats(TensorSource source, TensorInfo info) {
    float[] values = new float[arrayLength(source, info)];
    Element element =
        switch (info.type()) {
          case F64 -> (from, i) -> values[i] = (float) from.getDouble();
          case F32 -> (from, i) -> values[i] = from.getFloat();
          case F16 -> (from, i) -> values[i] = HalfPrecision.fromFloat16(from.getShort());
          case BF16 -> (from, i) -> values[i] = HalfPrecision.fromBfloat16(from.getShort());
          default -> {
            LongElement integer = integer(info.type());
            yield (from, i) -> values[i] = integer.next(from);
          }
        };
    each(source, info, element);
    return values;
  }

  static double[] doubles(TensorSource source, TensorInfo info) {
    double[] values = new double[arrayLength(source, info)];
    doubles(source, info, 0, values);
    return values;
  }

  static void doubles(TensorSource source, TensorInfo info, long first, double[] values) {
    Element element =
        switch (info.type()) {
          case F64 -> (from, i) -> values[i] = from.getDouble();
          case F32 -> (from, i) -> values[i] = from.getFloat();
          case F16 -> (from, i) -> values[i] = HalfPrecision.fromFloat16(from.getShort());
          case BF16 -> (from, i) -> values[i] = HalfPrecision.fromBfloat16(from.getShort());
          default -> {
            LongElement integer = integer(info.type());
            yield (from, i) -> values[i] = integer.next(from);
          }
        };
    int width = info.type().bytes();
    each(source, info, first * width, (long) values.length * width, element);
  }

  static long[] longs(TensorSource source, TensorInfo info) {
    if (info.type().isFloating()) {
      throw new UserError(
          source.path()
              + ": tensor "
              + info
              + " holds floating-point numbers, integers are needed");
    }
    long[] values = new long[arrayLength(source, info)];
    LongElement integer = integer(info.type());
    each(source, info, (from, i) -> values[i] = integer.next(from));
    return values;
  }

  static NDArray array(TensorSource source, TensorInfo info, NDManager manager) {
    ByteBuffer content = content(source, info);
    // An array made from a buffer shares its memory, and views of it do not keep the buffer alive:
    // the copy belongs to the engine alone.
    try (NDArray shared =
        manager.create(content, new Shape(info.shape()), info.type().arrayType())) {
      NDArray array = shared.duplicate();
      array.setName(info.name());
      return array;
    }
  }

  /**
   * @return the tensor as {@link TensorType#arrayType()} in a direct little-endian buffer
   */
  static ByteBuffer content(TensorSource source, TensorInfo info) {
    int width = info.type().arrayType().getNumOfBytes();
    int count = arrayLength(source, info);
    if ((long) count * width > Integer.MAX_VALUE) {
      throw tooLarge(source, info);
    }
    ByteBuffer content = ByteBuffer.allocateDirect(count * width).order(ByteOrder.LITTLE_ENDIAN);
    convert(source, info, 0, count, content);
    return content.rewind();
  }

  /**
   * Puts elements of a tensor as {@link TensorType#arrayType()}.
   *
   * @param first the first element
   * @param count how many
   * @param content little-endian, with enough room up to its limit
   */
  static void convert(
      TensorSource source, TensorInfo info, long first, int count, ByteBuffer content) {
    int width = info.type().bytes();
    long start = first * width;
    long length = (long) count * width;
    Element element =
        switch (info.type()) {
          case F16 -> (from, i) -> content.putFloat(HalfPrecision.fromFloat16(from.getShort()));
          case BF16 -> (from, i) -> content.putFloat(HalfPrecision.fromBfloat16(from.getShort()));
          case I16 -> (from, i) -> content.putInt(from.getShort());
          // Any other byte than 0 or 1 in a boolean array is undefined behaviour in the engine.
          case BOOL -> (from, i) -> content.put((byte) (from.get() == 0 ? 0 : 1));
          default -> null;
        };
    if (element == null) {
      int limit = content.limit();
      content.limit(content.position() + (int) length);
      source.readBytes(info.name(), start, content);
      content.limit(limit);
    } else {
      each(source, info, start, length, element);
    }
  }

  @FunctionalInterface
  private interface LongElement {
    long next(ByteBuffer from);
  }

  private static LongElement integer(TensorType type) {
    return switch (type) {
      case I64 -> ByteBuffer::getLong;
      case I32 -> ByteBuffer::getInt;
      case I16 -> ByteBuffer::getShort;
      case I8 -> ByteBuffer::get;
      case U8 -> from -> from.get() & 0xff;
      case BOOL -> from -> from.get() == 0 ? 0 : 1;
      default -> throw new IllegalArgumentException(type + " is not an integer type");
    };
  }

  private static void each(TensorSource source, TensorInfo info, Element element) {
    each(source, info, 0, info.byteLength(), element);
  }

  /** Elements of a stretch of bytes, numbered from 0. */
  private static void each(
      TensorSource source, TensorInfo info, long start, long length, Element element) {
    ByteBuffer piece =
        ByteBuffer.allocate((int) Math.min(PIECE, length)).order(ByteOrder.LITTLE_ENDIAN);
    int index = 0;
    for (long position = 0; position < length; position += PIECE) {
      piece.clear().limit((int) Math.min(PIECE, length - position));
      source.readBytes(info.name(), start + position, piece);
      piece.flip();
      while (piece.hasRemaining()) {
        element.take(piece, index++);
      }
    }
  }

  private static int arrayLength(TensorSource source, TensorInfo info) {
    if (info.elementCount() > Integer.MAX_VALUE - 8) {
      throw tooLarge(source, info);
    }
    return (int) info.elementCount();
  }

  private static UserError tooLarge(TensorSource source, TensorInfo info) {
    return new UserError(
        source.path() + ": tensor " + info + " is larger than 2 GiB, more than one array can hold");
  }
}
