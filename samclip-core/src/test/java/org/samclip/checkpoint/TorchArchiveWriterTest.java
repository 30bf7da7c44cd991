package org.samclip.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.kernel.LibTorch;

class TorchArchiveWriterTest {

  private static final Map<String, String> METADATA =
      Map.of("samclip.kind", "sam", "samclip.licence.sam", "Apache-2.0 \"quoted\" \u00e4");

  @TempDir private Path folder;

  private static Map<String, NDArray> tensors(NDManager manager) {
    Map<String, NDArray> tensors = new LinkedHashMap<>();
    tensors.put("b.weight", manager.randomNormal(new Shape(3, 5, 7)));
    tensors.put("a.bias", manager.create(new float[] {Float.NaN, -0f, 1e-42f}));
    tensors.put("scale", manager.create(4.6f));
    tensors.put("empty", manager.create(new Shape(0, 4)));
    tensors.put("ids", manager.create(new long[] {Long.MIN_VALUE, 3}));
    tensors.put("counts", manager.create(new int[] {-1, 2, 3}, new Shape(3, 1)));
    tensors.put("double", manager.create(new double[] {Math.PI}));
    tensors.put("bytes", manager.create(new byte[] {-1, 5}));
    tensors.put("flags", manager.create(new boolean[] {true, false, true}));
    tensors.put("half", manager.create(new float[] {1.5f}).toType(DataType.FLOAT16, true));
    return tensors;
  }

  @Test
  void ourReaderGivesTheSameBits() {
    Path file = folder.resolve("all.pth");
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      Map<String, NDArray> tensors = tensors(manager);
      TorchArchiveWriter.writeStateDict(file, tensors, METADATA);
      try (TensorSource source = Checkpoints.open(file)) {
        assertEquals(List.copyOf(tensors.keySet()), List.copyOf(source.names()));
        assertEquals(METADATA, source.metadata());
        tensors.forEach(
            (name, array) -> {
              assertEquals(TensorInfo.of(name, array), source.info(name));
              byte[] expected = new byte[(int) source.info(name).byteLength()];
              array.toByteBuffer().get(expected);
              java.nio.ByteBuffer got = java.nio.ByteBuffer.allocate(expected.length);
              source.readBytes(name, 0, got);
              assertArrayEquals(expected, got.array(), name);
            });
      }
    }
  }

  @Test
  void entriesAreAlignedAndTheBytesDependOnTheContentAlone() throws IOException {
    Path one = folder.resolve("one.pth");
    Path two = folder.resolve("two.pth");
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      Map<String, NDArray> tensors = tensors(manager);
      TorchArchiveWriter.writeStateDict(one, tensors, METADATA);
      TorchArchiveWriter.writeStateDict(two, tensors, METADATA);
    }
    assertArrayEquals(Files.readAllBytes(one), Files.readAllBytes(two));
    try (MappedFile file = MappedFile.open(one)) {
      ZipDirectory zip = ZipDirectory.read(file);
      assertTrue(zip.names().contains("archive/version"));
      assertTrue(zip.names().contains("archive/byteorder"));
      assertTrue(zip.names().contains("archive/extra/samclip.json"));
      zip.names().forEach(name -> assertEquals(0, zip.stored(name).start() % 64, name));
    }
  }

  @Test
  void damagedMetadataAreAUserError() throws IOException {
    for (String text :
        new String[] {"{", "[1]", "{\"a\":{}}", "{} {}", "{\"a\":null}", "null", ""}) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (TorchArchiveWriter archive = new TorchArchiveWriter(bytes, "a", 3)) {
        PickleWriter pickle = new PickleWriter().beginOrderedDict().string("x");
        TensorInfo info = new TensorInfo("x", TensorType.F32, new long[] {1});
        archive.entry("data.pkl", pickle.tensor("0", info).endOrderedDict().finish());
        archive.entry("data/0", new byte[4]);
        archive.text(TorchArchiveWriter.METADATA, text);
      }
      Path file = Files.write(folder.resolve("damaged.pth"), bytes.toByteArray());
      UserError error = assertThrows(UserError.class, () -> Checkpoints.open(file), text);
      assertTrue(error.getMessage().contains("extra/samclip.json"), error.getMessage());
    }
  }

  @Test
  void aFailureLeavesNothing() {
    Path file = folder.resolve("none.pth");
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      NDArray closed = manager.create(1f);
      Map<String, NDArray> tensors = Map.of("x", closed);
      closed.close();
      assertThrows(
          RuntimeException.class, () -> TorchArchiveWriter.writeStateDict(file, tensors, Map.of()));
    }
    assertFalse(Files.exists(file));
    assertEquals(0, folder.toFile().list().length);
  }
}
