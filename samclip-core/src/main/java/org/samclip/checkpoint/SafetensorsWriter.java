package org.samclip.checkpoint;

import ai.djl.ndarray.NDArray;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.samclip.UserError;

/**
 * Collects tensors and writes them as one safetensors file, atomically. The bytes depend on names,
 * values and metadata only: tensors are ordered by element size (large first, so that all are
 * aligned) and name, metadata by key, and the header is padded to 8 bytes.
 *
 * <pre>{@code
 * new SafetensorsWriter().metadata(provenance.toMetadata()).optFloatType(TensorType.F16)
 *     .add("weight", array).add("lengths", new int[] {3, 4}, 2).write(path);
 * }</pre>
 */
public final class SafetensorsWriter {

  /** Elements converted at once. */
  private static final int PIECE = 1 << 16;

  private final List<Tensor> tensors = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private final Map<String, String> metadata = new TreeMap<>();
  private TensorType floatType;

  /**
   * Writes arrays in one call.
   *
   * @param path the file to replace or create
   * @param tensors by name
   * @param metadata free text, see {@link Provenance}
   */
  public static void write(Path path, Map<String, NDArray> tensors, Map<String, String> metadata) {
    new SafetensorsWriter().addAll(tensors).metadata(metadata).write(path);
  }

  /**
   * Writes arrays in one call, floating-point ones in the given type.
   *
   * @param path the file to replace or create
   * @param tensors by name
   * @param metadata free text
   * @param floatType F32, F16 or BF16
   */
  public static void write(
      Path path, Map<String, NDArray> tensors, Map<String, String> metadata, TensorType floatType) {
    new SafetensorsWriter().optFloatType(floatType).addAll(tensors).metadata(metadata).write(path);
  }

  /**
   * Stores floating-point tensors in another type, rounded to nearest, ties to even. Without it
   * they keep their own.
   *
   * @param type F32, F16 or BF16
   * @return this
   */
  public SafetensorsWriter optFloatType(TensorType type) {
    if (type != TensorType.F32 && type != TensorType.F16 && type != TensorType.BF16) {
      throw new IllegalArgumentException(type + " is not one of F32, F16, BF16");
    }
    floatType = type;
    return this;
  }

  /**
   * @param entries added to the metadata
   * @return this
   */
  public SafetensorsWriter metadata(Map<String, String> entries) {
    metadata.putAll(entries);
    return this;
  }

  /**
   * @param arrays by name
   * @return this
   */
  public SafetensorsWriter addAll(Map<String, NDArray> arrays) {
    arrays.forEach(this::add);
    return this;
  }

  /**
   * @param name not used before
   * @param array any array up to 2 GiB; must stay open until the file is written
   * @return this
   */
  public SafetensorsWriter add(String name, NDArray array) {
    return add(TensorInfo.of(name, array), array::toByteBuffer);
  }

  /**
   * @param name not used before
   * @param values in row-major order
   * @param shape the sizes of all axes
   * @return this
   */
  public SafetensorsWriter add(String name, float[] values, long... shape) {
    return add(name, TensorType.F32, values.length, shape, b -> b.asFloatBuffer().put(values));
  }

  /**
   * @param name not used before
   * @param values in row-major order
   * @param shape the sizes of all axes
   * @return this
   */
  public SafetensorsWriter add(String name, double[] values, long... shape) {
    return add(name, TensorType.F64, values.length, shape, b -> b.asDoubleBuffer().put(values));
  }

  /**
   * @param name not used before
   * @param values in row-major order
   * @param shape the sizes of all axes
   * @return this
   */
  public SafetensorsWriter add(String name, int[] values, long... shape) {
    return add(name, TensorType.I32, values.length, shape, b -> b.asIntBuffer().put(values));
  }

  /**
   * @param name not used before
   * @param values in row-major order
   * @param shape the sizes of all axes
   * @return this
   */
  public SafetensorsWriter add(String name, long[] values, long... shape) {
    return add(name, TensorType.I64, values.length, shape, b -> b.asLongBuffer().put(values));
  }

  /**
   * @param name not used before
   * @param values unsigned bytes in row-major order
   * @param shape the sizes of all axes
   * @return this
   */
  public SafetensorsWriter add(String name, byte[] values, long... shape) {
    return add(name, TensorType.U8, values.length, shape, b -> b.put(values));
  }

  /**
   * Writes the file.
   *
   * @param path the file to replace or create
   * @throws UserError if the file cannot be written, or a finite value does not fit half precision
   */
  public void write(Path path) {
    List<Tensor> ordered = new ArrayList<>(tensors);
    ordered.sort(
        Comparator.comparingInt((Tensor t) -> -stored(t.info).type().bytes())
            .thenComparing(t -> t.info.name()));
    AtomicFile.write(
        path,
        out -> {
          out.write(header(ordered));
          for (Tensor tensor : ordered) {
            writeData(out, tensor);
          }
        });
  }

  /** Values are fetched when they are written, one tensor at a time. */
  private record Tensor(TensorInfo info, Content content) {}

  /** Gives all bytes of a tensor in little-endian order. */
  @FunctionalInterface
  private interface Content {
    ByteBuffer get();
  }

  private SafetensorsWriter add(
      String name,
      TensorType type,
      int length,
      long[] shape,
      java.util.function.Consumer<ByteBuffer> fill) {
    TensorInfo info = new TensorInfo(name, type, shape);
    if (info.elementCount() != length) {
      throw new IllegalArgumentException(
          info + " needs " + info.elementCount() + ", got " + length);
    }
    return add(
        info,
        () -> {
          ByteBuffer bytes = allocate(Math.toIntExact(info.byteLength()));
          fill.accept(bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN));
          return bytes;
        });
  }

  private SafetensorsWriter add(TensorInfo info, Content content) {
    if (info.name().equals(SafetensorsHeader.METADATA) || !names.add(info.name())) {
      throw new IllegalArgumentException("tensor name is taken: " + info.name());
    }
    tensors.add(new Tensor(info, content));
    return this;
  }

  private TensorInfo stored(TensorInfo info) {
    return floatType == null || !info.type().isFloating()
        ? info
        : new TensorInfo(info.name(), floatType, info.shape());
  }

  private byte[] header(List<Tensor> ordered) throws IOException {
    ByteArrayOutputStream json = new ByteArrayOutputStream();
    long offset = 0;
    try (JsonGenerator generator = new JsonFactory().createGenerator(json)) {
      generator.writeStartObject();
      if (!metadata.isEmpty()) {
        generator.writeObjectFieldStart(SafetensorsHeader.METADATA);
        for (Map.Entry<String, String> entry : metadata.entrySet()) {
          generator.writeStringField(entry.getKey(), entry.getValue());
        }
        generator.writeEndObject();
      }
      for (Tensor tensor : ordered) {
        TensorInfo info = stored(tensor.info);
        generator.writeObjectFieldStart(info.name());
        generator.writeStringField("dtype", info.type().name());
        generator.writeFieldName("shape");
        generator.writeArray(info.shape(), 0, info.shape().length);
        generator.writeFieldName("data_offsets");
        generator.writeArray(new long[] {offset, offset + info.byteLength()}, 0, 2);
        generator.writeEndObject();
        offset += info.byteLength();
      }
      generator.writeEndObject();
    }
    while (json.size() % 8 != 0) {
      json.write(' ');
    }
    if (json.size() > SafetensorsHeader.MAX_BYTES) {
      throw new UserError("safetensors header of " + json.size() + " bytes: shorten the metadata");
    }
    ByteBuffer header = allocate(8 + json.size());
    header.putLong(json.size()).put(json.toByteArray());
    return header.array();
  }

  private void writeData(OutputStream out, Tensor tensor) throws IOException {
    ByteBuffer from = tensor.content.get().order(ByteOrder.LITTLE_ENDIAN);
    TensorType type = tensor.info.type();
    TensorType target = stored(tensor.info).type();
    ByteBuffer piece = allocate(PIECE * 8);
    while (from.hasRemaining()) {
      piece.clear();
      int count = Math.min(PIECE, from.remaining() / type.bytes());
      if (target == type) {
        int bytes = count * type.bytes();
        piece.put(from.slice(from.position(), bytes));
        from.position(from.position() + bytes);
      } else {
        for (int i = 0; i < count; i++) {
          put(piece, next(from, type), target, tensor.info);
        }
      }
      out.write(piece.array(), 0, piece.position());
    }
  }

  private static float next(ByteBuffer from, TensorType type) {
    return switch (type) {
      case F64 -> (float) from.getDouble();
      case F32 -> from.getFloat();
      case F16 -> HalfPrecision.fromFloat16(from.getShort());
      default -> throw new IllegalArgumentException("cannot convert from " + type);
    };
  }

  private static void put(ByteBuffer piece, float value, TensorType target, TensorInfo info) {
    switch (target) {
      case F32 -> piece.putFloat(value);
      case BF16 -> piece.putShort(HalfPrecision.toBfloat16(value));
      default -> {
        short half = HalfPrecision.toFloat16(value);
        if ((half & 0x7fff) == 0x7c00 && !Float.isInfinite(value)) {
          throw new UserError(
              "tensor " + info + " holds " + value + ", which F16 cannot: store it as F32 or BF16");
        }
        piece.putShort(half);
      }
    }
  }

  /** On the heap, with an array of exactly this size behind it. */
  private static ByteBuffer allocate(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }
}
