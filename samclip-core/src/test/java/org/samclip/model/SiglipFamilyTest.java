package org.samclip.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;
import org.samclip.checkpoint.Checkpoints;
import org.samclip.checkpoint.Provenance;
import org.samclip.checkpoint.SafetensorsWriter;
import org.samclip.checkpoint.TensorSource;
import org.samclip.checkpoint.TensorType;
import org.samclip.kernel.LibTorch;
import org.samclip.model.export.ExportFormat;
import org.samclip.model.export.ModelExport;
import org.samclip.nn.Layer;
import org.samclip.text.TextEncoder;
import org.samclip.text.TextSizes;
import org.samclip.text.TextTokenizer;
import org.samclip.vit.TeacherFixtures;

/** A SigLIP as transformers writes it gives what transformers computes. */
class SiglipFamilyTest {

  private static final Path WEIGHTS = TeacherFixtures.find("siglip/model.safetensors");
  private static final List<String> TEXTS = List.of("a photo of a red boat", "Two dogs!", "");

  @TempDir Path folder;
  private NDManager manager;

  @BeforeEach
  void open() {
    manager = LibTorch.newManager(Device.cpu());
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private static WeightsOptions with(String tokenizer) {
    return WeightsOptions.of(null, null, TeacherFixtures.find("../texts/" + tokenizer));
  }

  private SiglipModel read() {
    return ModelFile.read(SiglipModel.class, WEIGHTS, with("siglip/spiece.model"), manager);
  }

  @Test
  void featuresAndLogitsAreTheReferences() {
    assertEquals("siglip", ModelFile.kind(WEIGHTS));
    SiglipModel model = read();
    try (TensorSource expected = Checkpoints.open(WEIGHTS.resolveSibling("outputs.safetensors"))) {
      for (String size : new String[] {"native", "other"}) {
        NDArray images = expected.read(size + ".images", manager);
        TeacherFixtures.assertClose(
            expected, size + ".summary", model.siglip().visual().forward(images));
        NDArray tokens = model.outputs().get(SiglipModel.TOKENS).forward().apply(images);
        TeacherFixtures.assertClose(expected, size + ".spatial", tokens);
        NDArray alone = model.siglip().visual().patchSummaries(images);
        TeacherFixtures.assertClose(expected, size + ".alone", alone);
      }
      NDArray ids = expected.read("texts", manager);
      TeacherFixtures.assertClose(expected, "text", model.siglip().text().forward(ids));
      NDArray images = model.embedImages(expected.read("native.images", manager));
      NDArray texts = model.siglip().embedTexts(ids);
      TeacherFixtures.assertClose(expected, "logits", model.siglip().logits(images, texts));
      double scale = model.siglip().logitScale();
      NDArray sum = images.matMul(texts.transpose()).mul(scale).add(model.siglip().logitBias());
      TeacherFixtures.assertClose(expected, "logits", sum);
    }
    assertEquals(16, model.input().side());
    assertEquals(List.of(.5f, .5f, .5f), model.input().mean());
    model.tokenizer().close();
  }

  @Test
  void patchesAndTextsHaveUnitLength() {
    SiglipModel model = read();
    NDArray images = manager.randomUniform(-1, 1, new Shape(2, 3, 16, 24));
    NDArray patches = model.embedPatches(images);
    assertEquals(new Shape(2, 32, 4, 6), patches.getShape());
    assertUnit(patches.square().sum(new int[] {1}));
    assertUnit(model.embedImages(images).square().sum(new int[] {1}));
    assertUnit(model.embedTexts(manager, TEXTS).square().sum(new int[] {1}));
    model.tokenizer().close();
  }

  @Test
  void itIsLookedIntoWithoutATokenizer() {
    Inspection inspection = Inspection.of(WEIGHTS, WeightsOptions.NONE, null);
    assertTrue(inspection.fits(), inspection::text);
    assertTrue(inspection.text().contains("Hugging Face SigLIP"), inspection::text);
    UserError error =
        assertThrows(UserError.class, () -> ModelFile.read(VitModel.class, WEIGHTS, manager));
    assertTrue(error.getMessage().contains("siglip model; needed: vit"), error::getMessage);
  }

  private static void assertUnit(NDArray squares) {
    assertTrue(squares.sub(1).abs().max().getFloat() < 1e-5, squares::toString);
  }

  @ParameterizedTest
  @ValueSource(strings = {"siglip/spiece.model", "siglip2/tokenizer.json"})
  void ourOwnFileComesBack(String words) {
    SiglipModel model = ModelFile.read(SiglipModel.class, WEIGHTS, with(words), manager);
    String architecture = ModelFile.architecture(model.siglip().config());
    Provenance origin =
        new Provenance("test", SiglipModel.KIND, architecture, "", Map.of(), "", Map.of());
    Path own = folder.resolve("own.safetensors");
    ModelFile.write(
        own,
        new SiglipModel(model.siglip(), model.tokenizer(), Optional.of(origin)),
        TensorType.F32);
    SiglipModel back = ModelFile.read(SiglipModel.class, own, manager);
    assertEquals(model.siglip().config(), back.siglip().config());
    assertEquals(model.tokenizer().json(), back.tokenizer().json());
    assertEquals(model.embedTexts(manager, TEXTS), back.embedTexts(manager, TEXTS));
    assertEquals(model.siglip().logitBias(), back.siglip().logitBias());
    WeightDistance distance =
        WeightDistance.between(WEIGHTS, WeightsOptions.NONE, own, WeightsOptions.NONE);
    assertEquals(0, distance.total().difference());
    assertEquals(List.of(), distance.onlyInA());
    assertEquals(List.of(), distance.onlyInB());
    assertEquals(Set.of("logit_bias", "logit_scale", "text", "visual"), distance.parts().keySet());
    UserError export =
        assertThrows(
            UserError.class,
            () ->
                new ModelExport(
                        own, WeightsOptions.NONE, folder.resolve("a.bin"), false, "1", Map.of())
                    .write(ExportFormat.OPENCLIP, ModelExport.Part.ALL));
    assertTrue(export.getMessage().contains("holds a siglip model"), export::getMessage);
    model.tokenizer().close();
    back.tokenizer().close();
  }

  /** As a merged model keeps it: sizes and tokenizer as texts, the weights by name. */
  @ParameterizedTest
  @ValueSource(strings = {"clip", "siglip"})
  void aTextSideCanBeKept(String kind) throws IOException {
    TextAlignedModel model = kind.equals("clip") ? RandomModels.clip(manager) : read();
    TextEncoder encoder = model.textEncoder().orElseThrow();
    record Sizes(TextSizes text) {}
    String written = ModelFile.architecture(new Sizes(encoder.sizes()));
    assertTrue(written.startsWith("{\"text\":{\"kind\":\"" + kind + "\","), written);
    TextSizes sizes = Architecture.read(folder, written, Sizes.class).text();
    assertEquals(encoder.sizes(), sizes);
    Layer tower = sizes.build();
    tower.allocate(manager);
    Map<String, NDArray> weights = encoder.tower().arrays();
    tower.arrays().forEach((name, array) -> weights.get(name).copyTo(array));
    assertEquals(Set.copyOf(weights.keySet()), Set.copyOf(tower.arrays().keySet()));
    try (TextTokenizer tokenizer = sizes.tokenizer(encoder.tokenizer().json())) {
      NDArray kept = new TextEncoder(sizes, tower, tokenizer).embed(manager, TEXTS);
      assertEquals(new Shape(TEXTS.size(), sizes.space()), kept.getShape());
      assertEquals(model.embedTexts(manager, TEXTS), kept);
      assertEquals(sizes.contextLength(), tokenizer.contextLength());
    }
    model.tokenizer().close();
  }

  @Test
  void anUnknownTextSideIsTold() {
    record Sizes(TextSizes text) {}
    UserError error =
        assertThrows(
            UserError.class,
            () -> Architecture.read(folder, "{\"text\":{\"kind\":\"bert\"}}", Sizes.class));
    assertTrue(error.getMessage().contains("clip, siglip"), error::getMessage);
  }

  @ParameterizedTest
  @CsvSource({
    "vision_config, hidden_size, 64, 'vision_config.hidden_size is 64, but the weights beside it"
        + " have 32'",
    "vision_config, hidden_act, '\"gelu\"', 'vision_config.hidden_act'",
    "vision_config, num_attention_heads, 3, 'heads 3'",
    "text_config, vocab_size, 41, 'text_config.vocab_size is 41'",
    "text_config, max_position_embeddings, 9, 'text_config.max_position_embeddings is 9'",
    "'', model_type, '\"clip\"', 'clip'",
    "'', model_type, '\"siglip2\"', 'NaFlex'",
  })
  void anotherModelsConfigIsRefused(String part, String key, String value, String cause)
      throws IOException {
    assertRefused(TeacherFixtures.withConfig("siglip", folder, part, key, value), cause);
  }

  @Test
  void missingConfigIsAskedFor() throws IOException {
    assertRefused(TeacherFixtures.withoutConfig("siglip", folder), "num_attention_heads");
  }

  @Test
  void missingTokenizerIsAskedFor() throws IOException {
    Path weights = TeacherFixtures.withoutConfig("siglip", folder);
    Files.copy(TeacherFixtures.find("siglip/config.json"), folder.resolve("config.json"));
    assertRefused(weights, "tokenizer.json or spiece.model");
    Files.copy(
        TeacherFixtures.find("../texts/siglip/spiece.model"), folder.resolve("spiece.model"));
    TextAlignedModel model = ModelFile.read(TextAlignedModel.class, weights, manager);
    assertInstanceOf(SiglipModel.class, model).tokenizer().close();
  }

  @Test
  void linearPatchesAreNaFlex() throws IOException {
    Files.copy(TeacherFixtures.find("siglip/config.json"), folder.resolve("config.json"));
    assertRefused(
        changed(
            arrays -> {
              String patches = "vision_model.embeddings.patch_embedding.weight";
              arrays.put(patches, arrays.get(patches).reshape(32, 48));
            }),
        "NaFlex");
  }

  @Test
  void anImageTowerAloneIsRefused() throws IOException {
    assertRefused(
        changed(arrays -> arrays.keySet().removeIf(name -> !name.startsWith("vision_model."))),
        "without its text tower");
  }

  private Path changed(java.util.function.Consumer<Map<String, NDArray>> change) {
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    try (TensorSource file = Checkpoints.open(WEIGHTS)) {
      file.names().forEach(name -> arrays.put(name, file.read(name, manager)));
    }
    change.accept(arrays);
    Path weights = folder.resolve("model.safetensors");
    SafetensorsWriter.write(weights, arrays, Map.of());
    return weights;
  }

  private void assertRefused(Path weights, String cause) {
    UserError error =
        assertThrows(UserError.class, () -> ModelFile.read(VisionModel.class, weights, manager));
    assertTrue(error.getMessage().contains(cause), error::getMessage);
    assertTrue(error.getMessage().contains(folder.toString()), error::getMessage);
  }
}
