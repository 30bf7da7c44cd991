package org.samclip.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.samclip.UserError;
import org.samclip.kernel.LibTorch;

/**
 * Checkpoints that torch wrote with all kinds of things beside the weights: the weights are those
 * that {@code torch.load} gives, with {@code weights_only} where its safe loader reads the file
 * (scripts/parity/make-torch-pickles.py).
 */
class TorchPicklesTest {

  private static final Map<String, TensorType> TYPES =
      Map.of(
          "float32", TensorType.F32,
          "float16", TensorType.F16,
          "bfloat16", TensorType.BF16,
          "int64", TensorType.I64,
          "uint8", TensorType.U8,
          "bool", TensorType.BOOL);

  static Path resource(String name) {
    try {
      return Path.of(TorchPicklesTest.class.getResource("/torch/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  private static JsonNode expected() throws IOException {
    return new ObjectMapper().readTree(resource("expected.json").toFile()).get("files");
  }

  static Stream<String> files() throws IOException {
    return names(expected()).stream();
  }

  private static Set<String> names(JsonNode object) {
    Set<String> names = new HashSet<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  @ParameterizedTest
  @MethodSource("files")
  void weightsAreTorchsAndTheRestIsNamed(String name) throws IOException {
    JsonNode file = expected().get(name);
    try (TensorSource source = Checkpoints.open(resource(name))) {
      JsonNode tensors = file.get("tensors");
      assertEquals(names(tensors), source.names());
      for (String tensor : source.names()) {
        JsonNode values = tensors.get(tensor);
        assertEquals(TYPES.get(values.get("dtype").asText()), source.info(tensor).type(), tensor);
        assertArrayEquals(numbers(values.get("values")), source.readDoubles(tensor), tensor);
        assertEquals(values.get("shape").size(), source.info(tensor).shape().length, tensor);
      }
      JsonNode metadata = file.get("metadata");
      assertEquals(names(metadata), source.metadata().keySet());
      source.metadata().forEach((key, text) -> assertEquals(metadata.get(key).asText(), text));
      assertEquals(
          StreamSupport.stream(file.get("unread").spliterator(), false)
              .map(JsonNode::asText)
              .collect(Collectors.toSet()),
          source.unread().keySet());
      assertEquals(file.get("safe").asBoolean(), source.notes().isEmpty(), "strangers");
    }
  }

  private static double[] numbers(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false)
        .mapToDouble(JsonNode::asDouble)
        .toArray();
  }

  /** What stands for an object is its class's name, and the message names it. */
  @Test
  void strangersAreNamed() throws IOException {
    try (TensorSource source = Checkpoints.open(resource("objects.pt"))) {
      assertEquals("argparse.Namespace", source.unread().get("args"));
      assertEquals("__main__.Config", source.unread().get("deep.er.config"));
      String note = source.notes().get(0);
      assertTrue(note.contains("nothing of them was run"), note);
      assertTrue(note.contains("__main__.Config"), note);
    }
    try (TensorSource source = Checkpoints.open(resource("tensor-kinds.pt"))) {
      assertEquals("tensor of type torch.float8_e4m3fn", source.unread().get("float8"));
      assertEquals("tensor of type torch.ComplexFloat", source.unread().get("complex"));
    }
  }

  /** torch.load gives a numpy number there, which is no weight in torch either. */
  @Test
  void anObjectWhereAWeightShouldBeIsRefused() {
    try (TensorSource source = Checkpoints.open(resource("object-as-weight.pt"));
        NDManager manager = LibTorch.newManager(Device.cpu())) {
      Map<String, NDArray> targets =
          Map.of(
              "a.weight", manager.zeros(new Shape(2, 3)),
              "a.bias", manager.zeros(new Shape(2)),
              "b", manager.zeros(new Shape(3, 2)));
      UserError error =
          assertThrows(UserError.class, () -> new ParameterLoader().load(targets, source));
      assertTrue(error.getMessage().contains("a.bias (there is a numpy"), error.getMessage());
      assertEquals(0, targets.get("b").sum().getFloat());
    }
    // The same for a part of a tensor that is joined of several.
    try (TensorSource source =
        new KeyMap()
            .join("joined", "a.weight", "a.bias")
            .apply(Checkpoints.open(resource("object-as-weight.pt")))) {
      assertEquals(Set.of("b"), source.names());
      assertTrue(source.unread().get("joined").startsWith("numpy"), source.unread().toString());
    }
  }
}
