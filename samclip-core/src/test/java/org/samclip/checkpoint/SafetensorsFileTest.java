package org.samclip.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.parity.Vectors;

class SafetensorsFileTest {

  @TempDir Path folder;

  @Test
  void writesAndReadsEveryArrayType() {
    Path path = folder.resolve("new/all.safetensors");
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    try (NDManager manager = NDManager.newBaseManager()) {
      arrays.put("f32", manager.create(new float[] {1, -2.5f, 3e-40f, 4, 5, 6}, new Shape(2, 3)));
      arrays.put("f64", manager.create(new double[] {Math.PI, -1}));
      arrays.put("i64", manager.create(new long[] {1L << 40, -3}));
      arrays.put("i32", manager.create(new int[] {7, -8}));
      arrays.put("i8", manager.create(new byte[] {7, -8}));
      arrays.put("bool", manager.create(new boolean[] {true, false, true}));
      arrays.put("u8", manager.create(new int[] {0, 255}).toType(DataType.UINT8, false));
      arrays.put("f16", manager.create(new float[] {1, 0.5f}).toType(DataType.FLOAT16, false));
      arrays.put("scalar", manager.create(4f));
      arrays.put("empty", manager.create(new Shape(0, 3)));
      arrays.put("strided", arrays.get("f32").transpose());
      SafetensorsWriter.write(path, arrays, Map.of("b", "2 \u00fc", "a", "1"));

      try (SafetensorsFile file = SafetensorsFile.open(path)) {
        assertEquals(arrays.keySet(), new java.util.HashSet<>(file.names()));
        assertEquals(Map.of("a", "1", "b", "2 \u00fc"), file.metadata());
        assertEquals(TensorType.F16, file.info("f16").type());
        assertArrayEquals(new float[] {1, 0.5f}, file.readFloats("f16"));
        assertEquals(DataType.FLOAT32, file.read("f16", manager).getDataType());
        assertArrayEquals(new long[] {0, 255}, file.readLongs("u8"));
        assertArrayEquals(new double[] {Math.PI, -1}, file.readDoubles("f64"));
        assertArrayEquals(new float[] {1, 4, -2.5f, 5, 3e-40f, 6}, file.readFloats("strided"));
        for (String name : file.names()) {
          if (!name.equals("f16")) {
            assertEquals(arrays.get(name), file.read(name, manager), name);
          }
        }
      }
    }
  }

  @Test
  void readsPlainArraysWithoutEngine() {
    Path path = folder.resolve("plain.safetensors");
    new SafetensorsWriter()
        .add("ints", new int[] {1, 2}, 2, 1)
        .add("floats", new float[] {3}, 1)
        .add("bytes", new byte[] {(byte) 200}, 1)
        .add("longs", new long[] {1L << 50})
        .add("doubles", new double[] {0.1}, 1)
        .write(path);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertArrayEquals(new long[] {1, 2}, file.readLongs("ints"));
      assertArrayEquals(new long[] {2, 1}, file.info("ints").shape());
      assertArrayEquals(new float[] {200}, file.readFloats("bytes"));
      assertArrayEquals(new long[] {}, file.info("longs").shape());
      assertArrayEquals(new double[] {0.1}, file.readDoubles("doubles"));
      assertThrows(UserError.class, () -> file.readLongs("floats"));
    }
  }

  @Test
  void bytesDoNotDependOnInsertionOrderAndDataAreAligned() throws Exception {
    Path first = folder.resolve("first.safetensors");
    Path second = folder.resolve("second.safetensors");
    new SafetensorsWriter()
        .add("b", new byte[] {1, 2, 3}, 3)
        .add("a", new double[] {1}, 1)
        .metadata(Map.of("x", "1"))
        .metadata(Map.of("y", "2"))
        .write(first);
    new SafetensorsWriter()
        .metadata(Map.of("y", "2"))
        .metadata(Map.of("x", "1"))
        .add("a", new double[] {1}, 1)
        .add("b", new byte[] {1, 2, 3}, 3)
        .write(second);
    byte[] bytes = Files.readAllBytes(first);
    assertArrayEquals(bytes, Files.readAllBytes(second));
    long header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    assertEquals(0, header % 8);
    try (var left = Files.list(folder)) {
      assertEquals(2, left.count(), "no file may be left beside the target");
    }
  }

  @Test
  void halfPrecisionIsRefusedWhereItOverflowsAndLeavesTheOldFile() throws Exception {
    Path path = folder.resolve("half.safetensors");
    Files.writeString(path, "old");
    SafetensorsWriter writer =
        new SafetensorsWriter().optFloatType(TensorType.F16).add("big", new float[] {1, 70_000}, 2);
    UserError error = assertThrows(UserError.class, () -> writer.write(path));
    assertTrue(error.getMessage().contains("big"), error.getMessage());
    assertEquals("old", Files.readString(path));
    writer.optFloatType(TensorType.BF16).write(path);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertEquals(TensorType.BF16, file.info("big").type());
      assertArrayEquals(new float[] {1, 70_144}, file.readFloats("big"));
    }
  }

  @Test
  void readsBeyondTwoGibibytes() throws Exception {
    Path path = folder.resolve("large.safetensors");
    long hole = (1L << 31) + 4; // a sparse tensor that crosses two pieces of the map
    String json =
        "{\"hole\":{\"dtype\":\"U8\",\"shape\":[%d],\"data_offsets\":[0,%d]},"
            + "\"last\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[%d,%d]}}";
    byte[] header = json.formatted(hole, hole, hole, hole + 8).getBytes(StandardCharsets.UTF_8);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.write(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).array());
      file.write(header);
      file.seek(8 + header.length + hole);
      file.write(
          ByteBuffer.allocate(8)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putFloat(1.5f)
              .putFloat(-2)
              .array());
    }
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertArrayEquals(new float[] {1.5f, -2}, file.readFloats("last"));
      ByteBuffer end = ByteBuffer.allocate(16);
      file.readBytes("hole", hole - 16, end);
      assertArrayEquals(new byte[16], end.array());
      UserError error = assertThrows(UserError.class, () -> file.readFloats("hole"));
      assertTrue(error.getMessage().contains("2 GiB"), error.getMessage());
    }
  }

  @Test
  void unknownNameGivesTheNearest() {
    try (SafetensorsFile file =
        SafetensorsFile.open(Vectors.find("sam_tiny_weights.safetensors"))) {
      String name = file.names().iterator().next();
      UserError error =
          assertThrows(UserError.class, () -> file.info(name.substring(0, name.length() - 1)));
      assertTrue(error.getMessage().contains("did you mean " + name), error.getMessage());
    }
  }

  @Test
  void arraysOwnTheirMemory() {
    Path path = folder.resolve("own.safetensors");
    new SafetensorsWriter().add("x", new float[] {1, 2, 3, 4}, 4).write(path);
    try (NDManager manager = NDManager.newBaseManager()) {
      NDArray view;
      try (SafetensorsFile file = SafetensorsFile.open(path);
          NDArray array = file.read("x", manager)) {
        view = array.reshape(2, 2);
      }
      System.gc();
      float[] noise = manager.ones(new Shape(1024)).muli(7).toFloatArray();
      assertEquals(7, noise[0]);
      assertTrue(Arrays.equals(new float[] {1, 2, 3, 4}, view.toFloatArray()));
    }
  }
}
