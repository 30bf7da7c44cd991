package org.samclip.checkpoint;

import ai.djl.ndarray.types.DataType;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/** Element types that a checkpoint may hold. The constants' names are those of safetensors. */
public enum TensorType {
  F64(8, DataType.FLOAT64),
  F32(4, DataType.FLOAT32),
  F16(2, DataType.FLOAT32),
  BF16(2, DataType.FLOAT32),
  I64(8, DataType.INT64),
  I32(4, DataType.INT32),
  I16(2, DataType.INT32),
  I8(1, DataType.INT8),
  U8(1, DataType.UINT8),
  BOOL(1, DataType.BOOLEAN);

  private final int bytes;
  private final DataType arrayType;

  TensorType(int bytes, DataType arrayType) {
    this.bytes = bytes;
    this.arrayType = arrayType;
  }

  /**
   * @return bytes of one element
   */
  public int bytes() {
    return bytes;
  }

  /**
   * The type of an array read from such a tensor. Half precision widens to float32, because the
   * engine cannot hold bfloat16 arrays and computes in float32; 16-bit integers widen to 32 bits.
   *
   * @return the engine's type
   */
  public DataType arrayType() {
    return arrayType;
  }

  /**
   * @return whether elements are floating-point numbers
   */
  public boolean isFloating() {
    return this == F64 || this == F32 || this == F16 || this == BF16;
  }

  /**
   * @param name a safetensors dtype such as {@code F32}
   * @return the type, or empty when it is unknown
   */
  public static Optional<TensorType> ofName(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }

  /**
   * @return all names, for messages
   */
  static String allNames() {
    return Arrays.stream(values()).map(TensorType::name).collect(Collectors.joining(", "));
  }
}
