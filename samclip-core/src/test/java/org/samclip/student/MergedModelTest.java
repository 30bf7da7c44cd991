package org.samclip.student;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;
import org.samclip.checkpoint.Provenance;
import org.samclip.checkpoint.SafetensorsWriter;
import org.samclip.checkpoint.TensorType;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.model.Inspection;
import org.samclip.model.ModelFile;
import org.samclip.model.PromptableModel;
import org.samclip.model.RandomModels;
import org.samclip.model.TextAlignedModel;
import org.samclip.model.TwoHeadedModel;
import org.samclip.model.VisionModel;
import org.samclip.model.WeightsOptions;
import org.samclip.sam.Prompts;
import org.samclip.vitdet.ViTDetConfig;

/** Students in files, and what they can do. */
class MergedModelTest {

  @TempDir Path folder;

  private NDManager manager;
  private Autograd off;

  @BeforeEach
  void start() {
    manager = LibTorch.newManager(Device.cpu());
    off = Autograd.disabled();
  }

  @AfterEach
  void stop() {
    off.close();
    manager.close();
  }

  private MergedModel model(BackboneConfig backbone) {
    Student student = Students.student(backbone, manager);
    MergedModel.Sizes sizes = new MergedModel.Sizes(student.config(), null);
    return new MergedModel(student, Optional.empty(), origin(ModelFile.architecture(sizes)));
  }

  private static Optional<Provenance> origin(String architecture) {
    return Optional.of(
        new Provenance("test", MergedModel.KIND, architecture, "", Map.of(), "", Map.of()));
  }

  private Path written(MergedModel model) {
    Path file = folder.resolve("merged.safetensors");
    ModelFile.write(file, model, TensorType.F32);
    return file;
  }

  private static BackboneConfig backbone(String name) {
    return switch (name) {
      case "vit-det" -> Students.VIT_DET;
      case "learned" -> Students.learned();
      case "rotary" -> Students.rotary();
      default -> Students.bare();
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {"vit-det", "learned", "rotary", "bare"})
  void aFileGivesTheSameStudent(String name) {
    MergedModel model = model(backbone(name));
    Path file = written(model);
    MergedModel read = ModelFile.read(MergedModel.class, file, manager);
    assertEquals(model.student().config(), read.student().config());
    assertEquals(
        List.copyOf(model.student().heads().keySet()),
        List.copyOf(read.student().heads().keySet()));
    model
        .student()
        .arrays()
        .forEach((key, array) -> assertEquals(array, read.student().arrays().get(key), key));
    assertEquals(model.input(), read.input());
    assertTrue(Inspection.of(file, WeightsOptions.NONE, null).fits());
  }

  @ParameterizedTest
  @ValueSource(strings = {"vit-det", "learned"})
  void onePassGivesWhatEveryOutputGivesAlone(String name) {
    MergedModel model = model(backbone(name));
    NDArray images = Students.noise(6, manager, new Shape(2, 3, 16, 16));
    Set<String> names = new TreeSet<>(model.outputs().keySet());
    assertTrue(names.containsAll(Set.of("neck", "masks", "patches", "ladder-i")));
    assertEquals(name.equals("vit-det"), names.contains("clip_head.spatial"));
    assertFalse(names.contains(VisionModel.SUMMARY), "no head speaks a text tower's language");
    Map<String, NDArray> together = model.forward(images, names);
    model
        .outputs()
        .forEach(
            (output, of) -> {
              NDArray alone = of.forward().apply(images);
              assertEquals(new Shape(2).addAll(of.row().apply(16)), alone.getShape(), output);
              assertArrayEquals(
                  alone.toFloatArray(), together.get(output).toFloatArray(), 1e-5f, output);
            });
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> model.forward(images, Set.of("depth")));
    assertTrue(e.getMessage().contains("ladder-i"), e.getMessage());
  }

  @Test
  void everyHeadOwnsItsNames() {
    Set<String> prefixes = new TreeSet<>();
    Student student = Students.student(Students.bare(), manager);
    student.arrays().keySet().forEach(name -> prefixes.add(name.split("\\.")[0]));
    Set<String> expected = new TreeSet<>(student.heads().keySet());
    expected.addAll(Set.of("image_encoder", "prompt_encoder", "mask_decoder"));
    assertEquals(expected, prefixes);
    assertTrue(student.arrays().containsKey("masks.neck.0.weight"));
    assertFalse(
        Students.student(Students.VIT_DET, manager).arrays().containsKey("masks.neck.0.weight"));
  }

  @Test
  void whatAModelCanDoFollowsFromItsHeads() {
    MergedModel both = RandomModels.merged(manager);
    Path file = written(both);
    TwoHeadedModel two = ModelFile.read(TwoHeadedModel.class, file, manager);
    assertTrue(two.as(MergedModel.class).isPresent());
    NDArray images = Students.noise(6, manager, new Shape(1, 3, 32, 32));
    TwoHeadedModel.Features features = two.features(images);
    assertArrayEquals(
        two.encodeImages(images).toFloatArray(), features.neck().toFloatArray(), 1e-6f);
    assertEquals(Optional.empty(), both.lacking(TwoHeadedModel.class));

    MergedModel masksOnly = model(Students.learned());
    Path drawing = written(masksOnly);
    PromptableModel promptable = ModelFile.read(PromptableModel.class, drawing, manager);
    NDArray embedding =
        promptable.encodeImages(Students.noise(6, manager, new Shape(1, 3, 16, 16)));
    NDArray box = manager.create(new float[] {1, 2, 9, 9}).reshape(1, 1, 4);
    assertEquals(
        new Shape(1, 1, 4, 16, 16),
        promptable.masks(embedding, Prompts.boxes(box)).logits().getShape());
    UserError text =
        assertThrows(
            UserError.class, () -> ModelFile.read(TextAlignedModel.class, drawing, manager));
    assertTrue(text.getMessage().contains("without a text tower"), text.getMessage());
    assertTrue(text.getMessage().contains("ladder-i"), text.getMessage());

    Map<String, HeadConfig> one = Map.of("x", new LinearHeadConfig(Readout.SUMMARY, 3));
    Student plain = new Student(new StudentConfig(Students.bare(), one));
    plain.initialize(manager, 1);
    MergedModel.Sizes sizes = new MergedModel.Sizes(plain.config(), null);
    Path nothing =
        written(new MergedModel(plain, Optional.empty(), origin(ModelFile.architecture(sizes))));
    UserError masks =
        assertThrows(
            UserError.class, () -> ModelFile.read(PromptableModel.class, nothing, manager));
    assertTrue(masks.getMessage().contains("mask-decoder"), masks.getMessage());
  }

  /** Architectures as a file may claim them; an edit of a good one, and what the message names. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"kind\":\"vit\" | \"kind\":\"vlt\" | Did you mean",
        "\"kind\":\"vit\", | | kind",
        "\"kind\":\"vit\" | \"kind\":\"java.lang.Runtime\" | unknown",
        "\"kind\":\"linear\" | \"kind\":\"lin\\u0007ear\" | unknown",
        "\"kind\":\"linear\" | \"kind\":[1] | samclip.architecture",
        "\"x\":{ | \"a.b\":{ | letters",
        "\"x\":{ | \"text\":{ | taken",
        "\"x\":{ | \"image_encoder\":{ | taken",
        "\"x\":{ | \"summary\":{ | taken",
        "\"width\":3 | \"width\":999999999 | width",
        "\"width\":3 | \"width\":3.5 | architecture",
        "\"width\":3 | \"breadth\":3 | Missing creator property",
        "\"output\":\"SUMMARY\" | \"output\":null | output",
        "\"depth\":4 | \"depth\":100000 | depth",
        "\"summary\":\"MEAN\" | \"summary\":\"ATTENTION\" | allowed: class, mean",
        "\"kind\":\"learned\" | \"kind\":\"sinus\" | sinus",
        "\"heads\":{ | \"heads\":null,\"x\":{ | architecture",
        "\"language\":null | \"language\":{\"clip\":null,\"head\":\"x\"} | clip",
        "\"language\":null | \"language\":7 | architecture",
      })
  void damagedArchitecturesAreRefused(String from, String to, String named) {
    Map<String, HeadConfig> one = new LinkedHashMap<>();
    one.put("x", new LinearHeadConfig(Readout.SUMMARY, 3));
    MergedModel.Sizes sizes = new MergedModel.Sizes(new StudentConfig(Students.bare(), one), null);
    String good = ModelFile.architecture(sizes);
    assertTrue(good.contains(from), good);
    String bad = good.replace(from, to == null ? "" : to);
    Path file = folder.resolve("bad.safetensors");
    SafetensorsWriter.write(
        file, Map.of("a", manager.ones(new Shape(1))), origin(bad).orElseThrow().toMetadata());
    UserError e =
        assertThrows(UserError.class, () -> ModelFile.read(MergedModel.class, file, manager));
    assertTrue(e.getMessage().contains(named), e.getMessage());
    assertTrue(e.getMessage().contains("bad.safetensors"), e.getMessage());
  }

  @Test
  void headsThatCannotStandTogetherAreRefused() {
    refused(
        Students.bare(),
        Map.of("c", new ClipHeadConfig(1, ClipHeadConfig.Pool.MAX, 6, 1)),
        "vit-det");
    refused(
        Students.VIT_DET,
        new LinkedHashMap<>(
            Map.of(
                "a", new MaskDecoderConfig(Students.MASKS),
                "b", new MaskDecoderConfig(Students.MASKS))),
        "one such head at most");
    refused(
        Students.bare(),
        Map.of("l", new LadderHeadConfig(Readout.SPATIAL, 3, List.of(2, 4), 5, 5)),
        "0 to 3");
    refused(
        Students.bare(), Map.of("b", new BlocksHeadConfig(Readout.SPATIAL, 3, 1, 5, 8)), "heads");
    assertThrows(
        UserError.class, () -> new LadderHeadConfig(Readout.SPATIAL, 3, List.of(2, 1), 5, 5));
    assertThrows(UserError.class, () -> new MlpHeadConfig(Readout.SPATIAL, 3, 0, 1, true));
    UserError e =
        assertThrows(
            UserError.class, () -> Students.student(Students.bare(), manager).head("patchs"));
    assertTrue(e.getMessage().contains("patches"), e.getMessage());
  }

  @Test
  void startsThatAHeadDoesNotKnowAreRefused() {
    Student student = Students.student(Students.VIT_DET, manager);
    Head head = student.head(SamClipPair.CLIP_HEAD);
    UserError e = assertThrows(UserError.class, () -> head.start("last_layr", student.backbone()));
    assertTrue(e.getMessage().contains("last_layer, last_attention, random"), e.getMessage());
    ViTDetConfig windowed = new ViTDetConfig(4, 6, 16, 2, 2, 2, 4, List.of(0), 8);
    Student other =
        new Student(
            SamClipPair.config(
                windowed, Students.MASKS, new ClipHeadConfig(1, ClipHeadConfig.Pool.MAX, 6, 1)));
    other.initialize(manager, 1);
    UserError window =
        assertThrows(
            UserError.class,
            () -> other.head(SamClipPair.CLIP_HEAD).start("last_layer", other.backbone()));
    assertTrue(window.getMessage().contains("global"), window.getMessage());
    other.head(SamClipPair.CLIP_HEAD).start("random", other.backbone());
  }

  private static void refused(
      BackboneConfig backbone, Map<String, HeadConfig> heads, String named) {
    StudentConfig config = new StudentConfig(backbone, heads);
    UserError e = assertThrows(UserError.class, () -> new Student(config));
    assertTrue(e.getMessage().contains(named), e.getMessage());
  }

  @Test
  void aHeadThatSpeaksNoLanguageIsRefused() {
    MergedModel good = RandomModels.merged(manager);
    String architecture = ModelFile.architecture(good.sizes());
    assertTrue(architecture.contains("\"head\":\"clip_head\""), architecture);
    Path file = folder.resolve("bad.safetensors");
    for (String head : List.of("masks", "other")) {
      String bad = architecture.replace("\"head\":\"clip_head\"", "\"head\":\"" + head + "\"");
      SafetensorsWriter.write(
          file, Map.of("a", manager.ones(new Shape(1))), origin(bad).orElseThrow().toMetadata());
      UserError e =
          assertThrows(UserError.class, () -> ModelFile.read(MergedModel.class, file, manager));
      assertTrue(e.getMessage().contains(head), e.getMessage());
    }
  }
}
