package org.samclip.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.samclip.parity.Vectors;

class TorchArchiveTest {

  /** What the side file says in place of the state dict, whatever its key. */
  private static final String TENSORS = "OrderedDict of the tensors below";

  private static final Map<String, TensorType> TORCH_TYPES =
      Map.of(
          "float64", TensorType.F64,
          "float32", TensorType.F32,
          "float16", TensorType.F16,
          "bfloat16", TensorType.BF16,
          "int64", TensorType.I64,
          "int32", TensorType.I32,
          "int16", TensorType.I16,
          "int8", TensorType.I8,
          "uint8", TensorType.U8,
          "bool", TensorType.BOOL);

  @Test
  void everyViewAndTypeEqualsItsPlainValues() {
    Vectors vectors = Vectors.load("torch_zip");
    SafetensorsFile expected = vectors.file("torch_zip");
    try (TensorSource file = Checkpoints.open(Vectors.find("torch_zip.pth"));
        TensorSource archive = BareNames.of(file, List.of(), Optional.of("state_dict"));
        NDManager manager = NDManager.newBaseManager()) {
      assertInstanceOf(TorchArchive.class, file);
      assertEquals(expected.names(), archive.names());
      for (String name : archive.names()) {
        JsonNode description = vectors.json().get("tensors").get(name);
        TensorInfo info = archive.info(name);
        assertEquals(TORCH_TYPES.get(description.get("dtype").asText()), info.type(), name);
        assertArrayEquals(expected.info(name).shape(), info.shape(), name);
        try (NDArray got = archive.read(name, manager);
            NDArray plain = expected.read(name, manager)) {
          assertEquals(plain, got, name);
        }
        assertArrayEquals(expected.readDoubles(name), archive.readDoubles(name), name);
        assertArrayEquals(expected.readFloats(name), archive.readFloats(name), name);
      }
      assertEquals(ContentHash.sha256(expected), ContentHash.sha256(archive));
    }
  }

  @Test
  void plainValuesBesideTheTensorsBecomeMetadata() {
    Vectors vectors = Vectors.load("torch_zip");
    try (TensorSource archive = Checkpoints.open(Vectors.find("torch_zip.pth"))) {
      vectors
          .json()
          .get("archive")
          .fields()
          .forEachRemaining(
              entry -> {
                JsonNode value = entry.getValue();
                String got = archive.metadata().get(entry.getKey());
                if (value.isFloatingPointNumber()) {
                  assertEquals(value.asDouble(), Double.parseDouble(got), entry.getKey());
                } else if (value.isValueNode() && !value.asText().equals(TENSORS)) {
                  assertEquals(value.asText(), got, entry.getKey());
                }
              });
    }
  }

  @Test
  void partsOfAStridedTensorEqualTheWhole() {
    try (TensorSource archive = Checkpoints.open(Vectors.find("torch_zip.pth"))) {
      for (String name : archive.names()) {
        TensorInfo info = archive.info(name);
        int length = (int) info.byteLength();
        ByteBuffer whole = ByteBuffer.allocate(length);
        archive.readBytes(name, 0, whole);
        ByteBuffer parts = ByteBuffer.allocate(length);
        int step = info.type().bytes() * 5;
        for (int position = 0; position < length; position += step) {
          ByteBuffer part = ByteBuffer.allocate(Math.min(step, length - position));
          archive.readBytes(name, position, part);
          parts.put(part.flip());
        }
        assertArrayEquals(whole.array(), parts.array(), name);
      }
    }
  }

  @Test
  void stateDictOfSamEqualsItsSafetensors() {
    try (TensorSource archive = Checkpoints.open(Vectors.find("sam_tiny.pth"));
        TensorSource expected = Checkpoints.open(Vectors.find("sam_tiny_weights.safetensors"))) {
      assertEquals(expected.names(), archive.names());
      for (String name : expected.names()) {
        assertArrayEquals(expected.info(name).shape(), archive.info(name).shape(), name);
        assertArrayEquals(expected.readFloats(name), archive.readFloats(name), name);
      }
    }
  }
}
