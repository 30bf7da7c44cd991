package org.samclip.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;
import org.samclip.checkpoint.Provenance;
import org.samclip.checkpoint.TensorType;
import org.samclip.clip.Clip;
import org.samclip.clip.ClipConfig;
import org.samclip.clip.TextTower;
import org.samclip.clip.Tokenizer;
import org.samclip.kernel.Kernels;
import org.samclip.kernel.LibTorch;
import org.samclip.nn.Module;
import org.samclip.sam.Sam;
import org.samclip.student.ClipHeadConfig;
import org.samclip.student.Language;
import org.samclip.student.MergedModel;
import org.samclip.student.SamClipPair;
import org.samclip.student.Student;
import org.samclip.text.TextEncoder;
import org.samclip.vit.BlockConfig;
import org.samclip.vit.Positions;
import org.samclip.vit.VitConfig;
import org.samclip.vit.VitEncoder;

/** Models come back as they were written; files that lie about their sizes cost nothing. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ModelFileTest {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ARCHITECTURE = "samclip.architecture";
  private static final ClipConfig CLIP =
      new ClipConfig(
          6,
          true,
          new ClipConfig.Vision(8, 4, 8, 1, 2, 2),
          new ClipConfig.Text(5, 4, 8, 1, 1, 1.5));
  private static final SamModel.Sizes SAM =
      new SamModel.Sizes(SmallModel.ENCODER, SmallModel.SAM_HEAD);
  private static final MergedModel.Sizes MERGED =
      new MergedModel.Sizes(
          SmallModel.config(ClipHeadConfig.Pool.MEAN),
          new MergedModel.LanguageSizes(CLIP.textSide(), SamClipPair.CLIP_HEAD));
  private static final String TOKENIZER =
      """
      {"version": "1.0", "pre_tokenizer": {"type": "Whitespace"},
       "model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "red": 1, "boat": 2},
                 "unk_token": "[UNK]"}}
      """;

  @TempDir static Path folder;

  private NDManager manager;
  private final Map<String, Path> files = new HashMap<>();
  private final Map<String, Map<String, float[]>> written = new HashMap<>();

  @BeforeAll
  void writeOneOfEachKind() {
    manager = LibTorch.newManager(Device.cpu());
    for (TensorType type : List.of(TensorType.F32, TensorType.F16)) {
      Sam sam = stirred(new Sam(SAM.encoder(), SAM.samHead()));
      SamModel samModel =
          new SamModel(sam, SAM, origin(SamModel.KIND, ModelFile.architecture(SAM)));
      ModelFile.write(file(SamModel.KIND, type), samModel, type);
      written.put(SamModel.KIND, values(sam.arrays(), ""));

      Clip clip = stirred(new Clip(CLIP));
      ClipModel clipModel =
          new ClipModel(
              clip,
              new Tokenizer(TOKENIZER, CLIP.text().contextLength()),
              origin(ClipModel.KIND, ModelFile.architecture(CLIP)));
      ModelFile.write(file(ClipModel.KIND, type), clipModel, type);
      written.put(ClipModel.KIND, values(clip.arrays(), ""));

      Student merged = stirred(new Student(MERGED.student()));
      TextTower text = stirred(new TextTower(CLIP.textSide()));
      MergedModel mergedModel =
          new MergedModel(
              merged,
              Optional.of(
                  new Language(
                      new TextEncoder(CLIP.textSide(), text, clipModel.tokenizer()),
                      SamClipPair.CLIP_HEAD)),
              origin(MergedModel.KIND, ModelFile.architecture(MERGED)));
      ModelFile.write(file(MergedModel.KIND, type), mergedModel, type);
      Map<String, float[]> both = values(merged.arrays(), "");
      both.putAll(values(text.arrays(), "text."));
      written.put(MergedModel.KIND, both);
    }
  }

  /** Which positions a plain ViT has is kept, and only ours can be named. */
  @Test
  void plainVitsKeepTheirPositions() {
    BlockConfig block =
        new BlockConfig(8, 2, 16, Kernels.VitMlp.GELU, BlockConfig.Bias.ALL, false, 1e-6);
    List<Positions> kinds =
        List.of(new Positions.Rotary(100), new Positions.Learned(2, true, Kernels.Resize.BICUBIC));
    for (Positions positions : kinds) {
      VitConfig config = new VitConfig(4, 1, block, true, 1, positions, VitConfig.Summary.CLASS);
      VitModel.Sizes sizes =
          new VitModel.Sizes(config, 8, List.of(.5, .5, .5), List.of(.2, .2, .2));
      VitEncoder encoder = stirred(new VitEncoder(config));
      String architecture = ModelFile.architecture(sizes);
      Path file = folder.resolve("vit.safetensors");
      VitModel model = new VitModel(encoder, sizes, origin(VitModel.KIND, architecture));
      ModelFile.write(file, model, TensorType.F32);
      VitModel read = ModelFile.read(VitModel.class, file, manager);
      assertEquals(sizes, read.sizes());
      encoder
          .arrays()
          .forEach(
              (name, array) ->
                  assertArrayEquals(
                      array.toFloatArray(), read.encoder().arrays().get(name).toFloatArray()));
      String other = architecture.replaceFirst("\"kind\":\"\\w+\"", "\"kind\":\"java.io.File\"");
      assertTrue(!other.equals(architecture), architecture);
      VitModel wrong = new VitModel(encoder, sizes, origin(VitModel.KIND, other));
      ModelFile.write(file, wrong, TensorType.F32);
      UserError error =
          assertThrows(UserError.class, () -> ModelFile.read(VitModel.class, file, manager));
      assertTrue(error.getMessage().contains("architecture"), error.getMessage());
    }
  }

  @AfterAll
  void close() {
    manager.close();
  }

  private Path file(String kind, TensorType type) {
    return files.computeIfAbsent(kind + type, key -> folder.resolve(key + ".safetensors"));
  }

  private <M extends Module> M stirred(M module) {
    module.initialize(manager, 7);
    SmallModel.stir(module);
    return module;
  }

  private static Optional<Provenance> origin(String kind, String architecture) {
    String hash = "0123456789abcdef".repeat(4);
    return Optional.of(
        new Provenance(
            "1.2.3", kind, architecture, hash, Map.of("sam", hash), hash, Map.of("x", "MIT")));
  }

  private static Map<String, float[]> values(Map<String, NDArray> arrays, String prefix) {
    Map<String, float[]> values = new HashMap<>();
    arrays.forEach((name, array) -> values.put(prefix + name, array.toFloatArray()));
    return values;
  }

  /** As the engine, not the writer, rounds to half precision. */
  private float[] expected(float[] values, TensorType type) {
    if (type == TensorType.F32) {
      return values;
    }
    try (NDArray array = manager.create(values);
        NDArray half = array.toType(DataType.FLOAT16, false);
        NDArray back = half.toType(DataType.FLOAT32, false)) {
      return back.toFloatArray();
    }
  }

  private void assertSame(String kind, TensorType type, Map<String, float[]> read) {
    Map<String, float[]> before = written.get(kind);
    assertEquals(before.keySet(), read.keySet());
    before.forEach(
        (name, values) -> assertArrayEquals(expected(values, type), read.get(name), name));
  }

  @ParameterizedTest
  @CsvSource({"F32", "F16"})
  void samComesBack(TensorType type) {
    SamModel read = ModelFile.read(SamModel.class, file(SamModel.KIND, type), manager);
    assertEquals(SAM, read.sizes());
    assertEquals(origin(SamModel.KIND, ModelFile.architecture(SAM)), read.provenance());
    assertSame(SamModel.KIND, type, values(read.sam().arrays(), ""));
  }

  @ParameterizedTest
  @CsvSource({"F32", "F16"})
  void clipComesBackWithItsTokenizer(TensorType type) {
    ClipModel read = ModelFile.read(ClipModel.class, file(ClipModel.KIND, type), manager);
    assertEquals(CLIP, read.clip().config());
    assertEquals(origin(ClipModel.KIND, ModelFile.architecture(CLIP)), read.provenance());
    assertSame(ClipModel.KIND, type, values(read.clip().arrays(), ""));
    assertEquals(TOKENIZER, read.tokenizer().json());
    assertArrayEquals(new long[] {2, 1, 0, 0, 0}, read.tokenizer().encode(List.of("boat red"))[0]);
  }

  @ParameterizedTest
  @CsvSource({"F32", "F16"})
  void mergedModelComesBackWithItsTextTower(TensorType type) {
    MergedModel read = ModelFile.read(MergedModel.class, file(MergedModel.KIND, type), manager);
    assertEquals(MERGED, read.sizes());
    Language language = read.language().orElseThrow();
    assertEquals(origin(MergedModel.KIND, ModelFile.architecture(MERGED)), read.provenance());
    Map<String, float[]> both = values(read.student().arrays(), "");
    both.putAll(values(language.text().tower().arrays(), "text."));
    assertSame(MergedModel.KIND, type, both);
    assertEquals(TOKENIZER, language.text().tokenizer().json());
  }

  @Test
  void halfPrecisionHalvesTheFile() throws IOException {
    long values =
        written.get(SamModel.KIND).values().stream().mapToLong(array -> array.length).sum();
    long saved =
        Files.size(file(SamModel.KIND, TensorType.F32))
            - Files.size(file(SamModel.KIND, TensorType.F16));
    assertEquals(2. * values, saved, 64); // the headers' padding may differ
  }

  @ParameterizedTest
  @CsvSource({"sam, clip", "sam, samclip", "clip, sam", "clip, samclip", "samclip, sam"})
  void namesTheKindsThatDiffer(String kind, String wanted) {
    Path file = file(kind, TensorType.F32);
    assertEquals(kind, ModelFile.kind(file));
    UserError error = assertThrows(UserError.class, () -> read(wanted, file));
    assertTrue(error.getMessage().contains("holds a " + kind + " model"), error.getMessage());
    assertTrue(error.getMessage().contains("needed: " + wanted), error.getMessage());
    assertTrue(error.getMessage().contains(file.toString()), error.getMessage());
  }

  private void read(String kind, Path file) {
    switch (kind) {
      case SamModel.KIND -> ModelFile.read(SamModel.class, file, manager);
      case ClipModel.KIND -> ModelFile.read(ClipModel.class, file, manager);
      default -> ModelFile.read(MergedModel.class, file, manager);
    }
  }

  /** A copy of a good file whose metadata were changed; the tensors stay. */
  private Path withMetadata(String kind, Consumer<ObjectNode> change) throws IOException {
    byte[] bytes = Files.readAllBytes(file(kind, TensorType.F32));
    int length = (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    ObjectNode header = (ObjectNode) JSON.readTree(bytes, 8, length);
    change.accept((ObjectNode) header.get("__metadata__"));
    byte[] changed = JSON.writeValueAsBytes(header);
    int padding = (8 - changed.length % 8) % 8;
    ByteBuffer out =
        ByteBuffer.allocate(8 + changed.length + padding + bytes.length - 8 - length)
            .order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(changed.length + padding).put(changed);
    out.put(" ".repeat(padding).getBytes()).put(bytes, 8 + length, bytes.length - 8 - length);
    Path file = folder.resolve("changed.safetensors");
    Files.write(file, out.array());
    return file;
  }

  private void assertRefused(String kind, String what, Path file) {
    int before = manager.getManagedArrays().size();
    UserError error = assertThrows(UserError.class, () -> read(kind, file), what);
    assertTrue(error.getMessage().contains("changed.safetensors"), error.getMessage());
    assertEquals(before, manager.getManagedArrays().size(), "arrays were made for " + what);
  }

  @ParameterizedTest
  @ValueSource(strings = {SamModel.KIND, ClipModel.KIND, MergedModel.KIND})
  void refusesDamagedArchitectures(String kind) throws IOException {
    assertRefused(kind, "none", withMetadata(kind, m -> m.remove(ARCHITECTURE)));
    String whole = ModelFile.architecture(sizes(kind));
    for (String text :
        List.of(
            "",
            "null",
            "{}",
            "[]",
            "5",
            "\"x\"",
            whole.substring(0, whole.length() - 1),
            whole + "}",
            "[".repeat(5000),
            whole.replaceFirst("\\{", "{\"surprise\": 1,"))) {
      assertRefused(kind, text, withMetadata(kind, m -> m.put(ARCHITECTURE, text)));
    }
  }

  private static Record sizes(String kind) {
    return switch (kind) {
      case SamModel.KIND -> SAM;
      case ClipModel.KIND -> CLIP;
      default -> MERGED;
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {SamModel.KIND, ClipModel.KIND, MergedModel.KIND})
  void refusesEverySizeThatCannotBe(String kind) throws IOException {
    int numbers = 0;
    String whole = ModelFile.architecture(sizes(kind));
    int leaves = leaves(JSON.readTree(whole)).size();
    for (int i = 0; i < leaves; i++) {
      List<Function<Leaf, JsonNode>> changes = new ArrayList<>(List.of(leaf -> null));
      Leaf original = leaves(JSON.readTree(whole)).get(i);
      changes.add(leaf -> JSON.nullNode());
      changes.add(leaf -> JSON.createObjectNode());
      if (original.value().isNumber()) {
        numbers++;
        for (long value : new long[] {-1, 1_000_000_000, 2_000_000_000, 1L << 40}) {
          changes.add(leaf -> JSON.getNodeFactory().numberNode(value));
        }
      }
      if (original.value().isInt()) {
        changes.add(leaf -> JSON.getNodeFactory().numberNode(1.5));
      }
      for (Function<Leaf, JsonNode> change : changes) {
        JsonNode tree = JSON.readTree(whole);
        Leaf leaf = leaves(tree).get(i);
        JsonNode value = change.apply(leaf);
        if (value == null && leaf.parent() instanceof ArrayNode) {
          continue; // one global layer less is another model, but a possible one
        }
        leaf.set(value);
        String text = tree.toString();
        assertRefused(kind, text, withMetadata(kind, m -> m.put(ARCHITECTURE, text)));
      }
    }
    assertTrue(numbers > 10);
  }

  /** A value of a tree and where it hangs. */
  private record Leaf(JsonNode parent, String name, int index, JsonNode value) {
    void set(JsonNode changed) {
      if (parent instanceof ArrayNode array) {
        array.set(index, changed);
      } else if (changed == null) {
        ((ObjectNode) parent).remove(name);
      } else {
        ((ObjectNode) parent).set(name, changed);
      }
    }
  }

  private static List<Leaf> leaves(JsonNode tree) {
    List<Leaf> found = new ArrayList<>();
    if (tree instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        found.add(new Leaf(tree, null, i, array.get(i)));
      }
    } else {
      tree.fields()
          .forEachRemaining(
              field -> {
                if (field.getValue().isContainerNode()) {
                  found.addAll(leaves(field.getValue()));
                } else {
                  found.add(new Leaf(tree, field.getKey(), 0, field.getValue()));
                }
              });
    }
    return found;
  }

  @Test
  void refusesPossibleSizesThatAreNotTheFiles() throws IOException {
    // Would be hundreds of gigabytes.
    String huge =
        ModelFile.architecture(SAM)
            .replace("\"width\":16", "\"width\":16384")
            .replace("\"depth\":2,\"heads\"", "\"depth\":256,\"heads\"");
    assertTrue(huge.contains("16384") && huge.contains("256"), huge);
    assertRefused(SamModel.KIND, huge, withMetadata(SamModel.KIND, m -> m.put(ARCHITECTURE, huge)));
    String wide =
        ModelFile.architecture(CLIP).replace("\"vocab_size\":4", "\"vocab_size\":2000000");
    assertTrue(wide.contains("2000000"), wide);
    assertRefused(
        ClipModel.KIND, wide, withMetadata(ClipModel.KIND, m -> m.put(ARCHITECTURE, wide)));
  }

  @ParameterizedTest
  @ValueSource(strings = {ClipModel.KIND, MergedModel.KIND})
  void refusesAMissingOrDamagedTokenizer(String kind) throws IOException {
    assertRefused(kind, "none", withMetadata(kind, m -> m.remove("samclip.tokenizer")));
    for (String text : Arrays.asList("", "{}", "[1", "null")) {
      assertRefused(kind, text, withMetadata(kind, m -> m.put("samclip.tokenizer", text)));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {SamModel.KIND, ClipModel.KIND, MergedModel.KIND})
  void refusesFilesOfUnknownOrigin(String kind) throws IOException {
    assertRefused(kind, "nothing", withMetadata(kind, ObjectNode::removeAll));
    assertRefused(kind, "hash", withMetadata(kind, m -> m.put("samclip.data.sha256", "../x")));
    assertRefused(kind, "kind", withMetadata(kind, m -> m.put("samclip.kind", "other")));
  }
}
