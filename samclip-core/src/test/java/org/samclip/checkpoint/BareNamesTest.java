package org.samclip.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;
import org.samclip.kernel.LibTorch;

class BareNamesTest {

  private static final String SIGN = "visual.conv1.weight";
  private static final List<String> MODEL =
      List.of("positional_embedding", SIGN, "visual.proj", "transformer.resblocks.0.ln_1.bias");

  @TempDir private Path folder;

  /** A file whose tensors hold their place among the names. */
  private Path file(List<String> names) {
    Path file = folder.resolve("a.safetensors");
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      Map<String, NDArray> arrays = new LinkedHashMap<>();
      for (String name : names) {
        arrays.put(name, manager.create(new float[] {arrays.size()}));
      }
      SafetensorsWriter.write(file, arrays, Map.of());
    }
    return file;
  }

  private static List<String> under(String prefix) {
    return MODEL.stream().map(name -> prefix + name).toList();
  }

  private static TensorSource bare(Path file, String key) {
    TensorSource source = Checkpoints.open(file);
    try {
      return BareNames.of(source, List.of("other.sign", SIGN), Optional.ofNullable(key));
    } catch (RuntimeException e) {
      source.close();
      throw e;
    }
  }

  private static String error(Path file, String key) {
    return assertThrows(UserError.class, () -> bare(file, key)).getMessage();
  }

  /** The wrappers of the field, alone, in both orders, and three deep; the model is the same. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "_orig_mod.",
        "module.",
        "model.",
        "sam.",
        "clip.",
        "backbone.",
        "_fsdp_wrapped_module.",
        "module._orig_mod.",
        "_orig_mod.module.",
        "model.clip._orig_mod.",
        "module.model.backbone.",
        "state_dict._fsdp_wrapped_module.clip.",
        "what.ever.3."
      })
  void whatAllNamesShareIsTakenOff(String prefix) {
    try (TensorSource source = bare(file(under(prefix)), null)) {
      assertEquals(Set.copyOf(MODEL), source.names());
      for (String name : MODEL) {
        assertArrayEquals(new float[] {MODEL.indexOf(name)}, source.readFloats(name), name);
      }
      assertEquals(1, source.notes().size());
      assertTrue(source.notes().get(0).contains("'" + prefix + "'"), source.notes().toString());
    }
  }

  /**
   * Names that torch's own wrappers give, and those of the module within
   * (scripts/parity/make-torch-pickles.py).
   */
  @Test
  void torchsWrappersAreTakenOff() throws IOException {
    JsonNode names =
        new ObjectMapper().readTree(TorchPicklesTest.resource("wrapped-names.json").toFile());
    Set<String> expected = new TreeSet<>();
    names.get("bare").forEach(name -> expected.add(name.asText()));
    assertEquals(7, names.get("wrapped").size());
    names
        .get("wrapped")
        .fields()
        .forEachRemaining(
            entry -> {
              List<String> wrapped = new ArrayList<>();
              entry.getValue().forEach(name -> wrapped.add(name.asText()));
              try (TensorSource source = bare(file(wrapped), null)) {
                assertEquals(expected, new TreeSet<>(source.names()), entry.getKey());
              }
            });
  }

  @Test
  void namesWithoutPrefixStayAsTheyAre() {
    try (TensorSource source = Checkpoints.open(file(MODEL))) {
      assertSame(source, BareNames.of(source, List.of(SIGN), Optional.empty()));
    }
    List<String> unknown = List.of("module.a", "module.b");
    try (TensorSource source = bare(file(unknown), null)) {
      assertEquals(Set.copyOf(unknown), source.names());
    }
  }

  @Test
  void whatDoesNotBelongToTheModelIsCounted() {
    List<String> names = new ArrayList<>(under("net."));
    names.addAll(List.of("loss.scale", "network", "netx"));
    try (TensorSource source = bare(file(names), null)) {
      assertEquals(Set.copyOf(MODEL), source.names());
      String note = source.notes().get(1);
      assertTrue(note.contains("3 tensors") && note.contains("loss.scale"), note);
    }
  }

  @Test
  void severalModelsAreNamedAndTheKeyChooses() {
    List<String> names = new ArrayList<>(under("state_dict.module."));
    names.addAll(under("model_ema."));
    names.addAll(under("model_ema.teacher."));
    Path file = file(names);
    String several = error(file, null);
    for (String part :
        List.of("several models", "state_dict.module", "model_ema.teacher", "the weights key")) {
      assertTrue(several.contains(part), several);
    }
    try (TensorSource source = bare(file, "state_dict")) {
      assertArrayEquals(new float[] {1}, source.readFloats(SIGN));
    }
    try (TensorSource source = bare(file, "model_ema")) {
      assertEquals(Set.copyOf(MODEL), source.names());
      assertArrayEquals(new float[] {MODEL.size() + 1}, source.readFloats(SIGN));
    }
    try (TensorSource source = bare(file, "model_ema.teacher")) {
      assertArrayEquals(new float[] {2 * MODEL.size() + 1}, source.readFloats(SIGN));
    }
    try (TensorSource source = bare(file, "teacher")) { // as no other key has it
      assertArrayEquals(new float[] {2 * MODEL.size() + 1}, source.readFloats(SIGN));
    }
    for (String wrong : List.of("ema", "state", "", "model_ema.teacher.visual.conv1.weight")) {
      String none = error(file, wrong);
      assertTrue(none.contains("'" + wrong + "'") && none.contains("model_ema"), none);
    }
  }

  /** The model at the top is the file's; an average beside it stays out, and is counted. */
  @Test
  void theModelAtTheTopComesFirst() {
    List<String> names = new ArrayList<>(MODEL);
    names.addAll(under("ema."));
    Path file = file(names);
    try (TensorSource source = bare(file, null)) {
      assertEquals(Set.copyOf(MODEL), source.names());
      assertArrayEquals(new float[] {1}, source.readFloats(SIGN));
      assertTrue(source.notes().get(0).startsWith("4 tensors"), source.notes().toString());
    }
    try (TensorSource source = bare(file, "ema")) {
      assertArrayEquals(new float[] {5}, source.readFloats(SIGN));
    }
  }

  @Test
  void namesThatBecomeOneAreRefused() {
    Path file = file(List.of(SIGN, "visual.proj", "visual.module.proj"));
    String error = error(file, null);
    assertTrue(error.contains("visual.proj") && error.contains("two tensors"), error);
  }

  /** Many prefixes, many dots: time grows with the file, not with its square. */
  @Test
  void hostileNamesEnd() {
    List<String> names = new ArrayList<>(MODEL);
    for (int i = 0; i < 20_000; i++) {
      names.add("a".repeat(i % 50) + i + "." + SIGN);
    }
    names.add("module.".repeat(5_000) + SIGN);
    names.add(".".repeat(5_000));
    try (TensorSource source = bare(file(names), null)) {
      assertEquals(MODEL.size() + 1, source.names().size());
    }
  }
}
