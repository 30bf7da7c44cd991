package org.samclip.train.teacher;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.checkpoint.ContentHash;
import org.samclip.checkpoint.Provenance;
import org.samclip.checkpoint.TensorType;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ModelFile;
import org.samclip.model.PromptableModel;
import org.samclip.model.TextAlignedModel;
import org.samclip.model.VisionModel;
import org.samclip.student.Language;
import org.samclip.student.MergedModel;
import org.samclip.train.TinyMerge;
import org.samclip.train.TinyModels;
import org.samclip.train.recipe.TeacherSpec;

@Timeout(60)
class TeachersTest {

  @TempDir Path folder;
  private final NDManager manager = LibTorch.newManager(Device.cpu());

  @AfterEach
  void close() {
    manager.close();
  }

  private static TeacherSpec spec(Object weights) {
    return new TeacherSpec(weights.toString(), null, null, null, null);
  }

  private Teachers load(String name, TeacherSpec spec) {
    return Teachers.load(Map.of(name, spec), manager);
  }

  private String refused(TeacherSpec spec) {
    UserError sized =
        assertThrows(UserError.class, () -> Teachers.sized(Map.of("eye", spec)), spec.toString());
    UserError loaded = assertThrows(UserError.class, () -> load("eye", spec), spec.toString());
    assertEquals(sized.getMessage(), loaded.getMessage());
    return loaded.getMessage();
  }

  @Test
  void embeddedTeachersAreTheirKind() {
    Map<String, TeacherSpec> specs = new LinkedHashMap<>();
    specs.put("masks", spec("embedded:tiny-sam"));
    specs.put("words", spec("embedded:tiny-clip"));
    Teachers teachers = Teachers.load(specs, manager);
    assertEquals(List.of("masks", "words"), List.copyOf(teachers.byName().keySet()));
    assertTrue(teachers.model("masks").as(PromptableModel.class).isPresent());
    assertTrue(teachers.model("words").as(TextAlignedModel.class).isPresent());
    teachers.hashes().forEach((name, hash) -> assertTrue(hash.matches("[0-9a-f]{64}"), name));
    assertEquals(specs.keySet(), teachers.hashes().keySet());
    Teachers sized = Teachers.sized(specs);
    for (String name : specs.keySet()) {
      assertEquals(teachers.model(name).sizes(), sized.model(name).sizes());
      assertEquals(teachers.model(name).outputs().keySet(), sized.model(name).outputs().keySet());
    }
    assertEquals(teachers.hashes(), sized.hashes());
  }

  @Test
  void unknownEmbeddedTeachersAreExplained() {
    String message = refused(spec("embedded:tiny-clib"));
    assertTrue(message.startsWith("teachers.eye.weights is 'embedded:tiny-clib'"), message);
    assertTrue(message.contains("tiny-sam, tiny-clip"), message);
    assertTrue(message.endsWith("Did you mean 'tiny-clip'?"), message);
  }

  @Test
  void missingFilesAreNamedByTheirKey() throws Exception {
    Path none = folder.resolve("none.safetensors");
    assertEquals(
        "teachers.eye.weights: no file " + none + "; give a file, or embedded:NAME",
        refused(spec(none)));
    TinyMerge.in(folder);
    String clip = folder.resolve("clip.safetensors").toString();
    String tokenizer = refused(new TeacherSpec(clip, null, null, none.toString(), null));
    assertTrue(tokenizer.startsWith("teachers.eye.tokenizer: no file " + none), tokenizer);
    Path text = Files.writeString(folder.resolve("text.safetensors"), "these are no weights");
    String broken = refused(spec(text));
    assertTrue(broken.startsWith("teachers.eye.weights: " + text), broken);
  }

  /** What the recipe says stands beside what the file says, by the teacher's name. */
  @Test
  void licencesAreTheFilesAndTheRecipes() {
    TinyMerge.in(folder);
    String sam = folder.resolve("sam.safetensors").toString();
    assertEquals(
        Map.of("sam", "terms of sam"), load("eye", spec(sam)).byName().get("eye").licences());
    TeacherSpec stated = new TeacherSpec(sam, null, null, null, "CC0");
    assertEquals(
        Map.of("sam", "terms of sam", "eye", "CC0"),
        load("eye", stated).byName().get("eye").licences());
    assertEquals(Map.of("sam", "CC0"), load("sam", stated).byName().get("sam").licences());
  }

  /** What was merged can teach: heads by name, masks, texts. */
  @Test
  void aMergedModelIsATeacher() {
    MergedModel merged =
        new MergedModel(
            TinyModels.student(manager, 3),
            Language.of(TinyModels.clip(manager, 4), "clip_head"),
            Optional.empty());
    Provenance origin =
        new Provenance(
            "test",
            MergedModel.KIND,
            ModelFile.architecture(merged.sizes()),
            "",
            Map.of(),
            "",
            Map.of());
    Path file = folder.resolve("merged.safetensors");
    ModelFile.write(
        file,
        new MergedModel(merged.student(), merged.language(), Optional.of(origin)),
        TensorType.F32);
    Teacher teacher = load("eye", spec(file)).byName().get("eye");
    VisionModel model = teacher.model();
    assertEquals(ContentHash.ofCheckpoint(file), teacher.hash());
    assertEquals(merged.sizes(), model.sizes());
    assertTrue(model.as(PromptableModel.class).isPresent());
    assertTrue(model.as(TextAlignedModel.class).isPresent());
    Set<String> names = model.outputs().keySet();
    assertTrue(
        names.containsAll(Set.of("summary", "spatial", "neck", "clip_head", "masks")),
        names::toString);
    NDArray images = manager.randomUniform(-1, 1, new Shape(2, 3, 32, 32));
    FrozenNetwork network = FrozenNetwork.of(teacher);
    assertEquals(names, network.rows().keySet());
    Map<String, NDArray> want = merged.forward(images, names);
    Map<String, NDArray> got = network.outputs().of(images, names);
    for (String name : names) {
      assertEquals(
          new Shape(2).addAll(network.rows().get(name).apply(32)), got.get(name).getShape(), name);
      assertTrue(want.get(name).allClose(got.get(name), 1e-5, 1e-5, false), name);
    }
    assertEquals(names.size(), names.stream().map(network::hash).distinct().count());
    assertFalse(network.sizes().isBlank());
    assertSame(model, teacher.model());
  }
}
