package org.samclip.train.pretrain;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.checkpoint.ContentHash;
import org.samclip.checkpoint.Provenance;
import org.samclip.data.scenes.SceneProgress;
import org.samclip.data.scenes.SceneVocabulary;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ClipModel;
import org.samclip.model.ModelFile;
import org.samclip.model.Preset;
import org.samclip.model.SamModel;
import org.samclip.model.VitModel;
import org.samclip.sam.Sam;
import org.samclip.train.recipe.PretrainRecipe;
import org.samclip.train.recipe.RecipeReader;
import org.samclip.train.stage.Trainer;

/** The shipped recipes of the teachers, cut down to a few steps on a few scenes. */
@Timeout(240)
class PretrainingTest {

  private static final Path CONFIGS = Path.of("..", "configs");

  @TempDir Path folder;

  private List<String> scenes(int images, int masks) {
    return List.of(
        "data.scenes.images=" + images,
        "data.scenes.masks=" + masks,
        "data.scenes.crops=0",
        "data.scenes.scenes=0",
        "data.scenes.dir=" + folder.resolve("scenes"));
  }

  private static PretrainRecipe recipe(String kind, List<String> scenes, String... overrides) {
    List<String> all = new ArrayList<>(scenes);
    all.addAll(List.of(overrides));
    return RecipeReader.readPretraining(CONFIGS.resolve("pretrain-" + kind + ".yaml"), all);
  }

  /** All clip images in one batch, whole: every step sees the same. */
  private PretrainRecipe overfittingClip(int steps, int images) {
    return recipe(
        "clip",
        scenes(images, 1),
        "data.scenes.size=64",
        "clip.embed_dim=32",
        "clip.vision={image_side: 32, patch: 8, width: 48, layers: 2, heads: 4, mlp_ratio: 2}",
        "clip.text.width=48",
        "clip.text.layers=1",
        "stages.1.duration=" + steps + " steps",
        "stages.1.feeds.images.batch_size=" + images,
        "stages.1.feeds.images.resolutions=[32]",
        "stages.1.feeds.images.crop=[1.0, 1.0]",
        "stages.1.optimizer.lr=0.003");
  }

  private PretrainRecipe overfittingSam(int steps, int images) {
    return recipe(
        "sam",
        scenes(1, images),
        "data.scenes.size=64",
        "stages.1.duration=" + steps + " steps",
        "stages.1.feeds.masks.batch_size=" + images,
        "stages.1.feeds.masks.resolutions=[64]",
        "stages.1.feeds.masks.prompts.per_image=3",
        "stages.1.optimizer.lr=0.002");
  }

  private static final Map<String, String> LICENCES = Map.of("scenes", "Apache-2.0 AND MIT");

  private List<Trainer.Step> train(PretrainRecipe recipe, Path out) {
    List<Trainer.Step> steps = new ArrayList<>();
    new Pretraining(recipe, folder.resolve("quarantine.tsv"))
        .optLicences(LICENCES)
        .run(
            out,
            SceneProgress.SILENT,
            (stage, step, end, result, waited) -> {
              assertEquals(steps.size(), step);
              assertEquals(recipe.stage().name(), stage);
              steps.add(result);
            });
    return steps;
  }

  private static double mean(List<Trainer.Step> steps, String loss, int from, int to) {
    return steps.subList(from, to).stream()
        .mapToDouble(step -> step.losses().get(loss))
        .average()
        .orElseThrow();
  }

  @Test
  void shippedRecipesAreReadAndNameTheirCommand() throws IOException {
    for (String part : List.of("sam-2", "sam-3")) {
      assertEquals("tiny-" + part, recipe(part, List.of()).name());
    }
    for (String kind : List.of("clip", "sam", "dino")) {
      PretrainRecipe recipe = recipe(kind, List.of());
      assertEquals("tiny-" + kind, recipe.name());
      assertEquals(kind.equals("clip"), recipe.clip() != null);
      assertEquals(kind.equals("sam"), recipe.sam() != null);
      assertEquals(kind.equals("dino"), recipe.vit() != null);
      String text = Files.readString(CONFIGS.resolve("pretrain-" + kind + ".yaml"));
      String command = "./samclip pretrain configs/pretrain-" + kind + ".yaml";
      assertTrue(text.contains(command), command);
    }
    PretrainRecipe clip = recipe("clip", List.of());
    assertEquals(SceneVocabulary.tokens().size(), clip.clip().text().vocabSize());
  }

  @Test
  void clipLearnsOneBatchByHeartAndIsWritten() {
    Path out = folder.resolve("clip.safetensors");
    PretrainRecipe recipe = overfittingClip(60, 12);
    List<Trainer.Step> steps = train(recipe, out);
    assertEquals(60, steps.size());
    for (Trainer.Step step : steps) {
      assertTrue(Double.isFinite(step.losses().get("contrastive")));
      assertEquals(12, step.images());
    }
    double first = steps.get(0).losses().get("contrastive");
    double last = mean(steps, "contrastive", 55, 60);
    assertTrue(last < .5 * first, first + " to " + last);
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      ClipModel read = ModelFile.read(ClipModel.class, out, manager);
      assertEquals(recipe.clip(), read.clip().config());
      assertEquals(SceneVocabulary.tokenizerJson(), read.tokenizer().json());
      assertProvenance(recipe, ClipModel.KIND, read.provenance().orElseThrow());
      assertFinite(read.clip().arrays());
    }
  }

  @Test
  void samLearnsTwoImagesByHeartAndIsWritten() {
    Path out = folder.resolve("sam.safetensors");
    PretrainRecipe recipe = overfittingSam(60, 2);
    List<Trainer.Step> steps = train(recipe, out);
    assertEquals(60, steps.size());
    for (Trainer.Step step : steps) {
      assertTrue(Double.isFinite(step.losses().get("mask")));
      assertTrue(Double.isFinite(step.losses().get("iou")));
      assertEquals(2, step.images());
    }
    double first = mean(steps, "mask", 0, 5);
    double last = mean(steps, "mask", 50, 60);
    assertTrue(last < .6 * first, first + " to " + last);
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      SamModel read = ModelFile.read(SamModel.class, out, manager);
      assertEquals(Preset.TINY.encoder(), read.sizes().encoder());
      assertEquals(Preset.TINY.samHead(), read.sizes().samHead());
      assertProvenance(recipe, SamModel.KIND, read.provenance().orElseThrow());
      assertFinite(read.sam().arrays());
      assertFrozenPositionsStayed(recipe, read.sam(), manager);
    }
  }

  /** Ten images, seen in other crops at each step. */
  private PretrainRecipe overfittingVit(int steps, String... overrides) {
    List<String> all = new ArrayList<>(scenes(1, 10));
    all.addAll(List.of(overrides));
    return recipe(
        "dino",
        all,
        "data.scenes.size=64",
        "vit={side: 32, patch: 8, width: 48, depth: 2, heads: 3, mlp_ratio: 2, registers: 2}",
        "self_distillation.prototypes=32",
        "self_distillation.local_side=16",
        "stages.1.duration=" + steps + " steps",
        "stages.1.feeds.masks.batch_size=10",
        "stages.1.feeds.masks.resolutions=[32]",
        "stages.1.optimizer.lr=0.003");
  }

  @Test
  void vitLearnsToTellTenImagesApartAndItsAverageIsWritten() {
    Path out = folder.resolve("vit.safetensors");
    PretrainRecipe recipe =
        overfittingVit(
            80,
            "self_distillation.global_crop=[0.8, 1.0]",
            "self_distillation.plain_background=0",
            "stages.1.feeds.masks.augment={flip: 0.5}");
    List<Trainer.Step> steps = train(recipe, out);
    assertEquals(80, steps.size());
    for (String loss : List.of("views", "contrast", "patches")) {
      double first = mean(steps, loss, 0, 5);
      double last = mean(steps, loss, 70, 80);
      assertTrue(last < .95 * first, loss + " " + first + " to " + last);
    }
    double last = mean(steps, "contrast", 70, 80);
    assertTrue(last < .75 * Math.log(10), "chance is log 10, not " + last);
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      VitModel read = ModelFile.read(VitModel.class, out, manager);
      assertEquals(recipe.vit().sizes(), read.sizes());
      assertProvenance(recipe, VitModel.KIND, read.provenance().orElseThrow());
      assertFinite(read.encoder().arrays());
    }
  }

  /** The head is not shipped, and the only step's update reaches the teacher by 1 - momentum. */
  @Test
  void theTeacherIsWrittenNotTheStudent() {
    Path slow = folder.resolve("slow.safetensors");
    Path fast = folder.resolve("fast.safetensors");
    train(overfittingVit(1, "self_distillation.momentum=0.999"), slow);
    train(overfittingVit(1, "self_distillation.momentum=0"), fast);
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      Map<String, NDArray> little =
          ModelFile.read(VitModel.class, slow, manager).encoder().arrays();
      Map<String, NDArray> much = ModelFile.read(VitModel.class, fast, manager).encoder().arrays();
      assertTrue(little.keySet().stream().noneMatch(name -> name.contains("head")));
      double far = 0;
      for (String name : little.keySet()) {
        far = Math.max(far, little.get(name).sub(much.get(name)).abs().max().getFloat());
      }
      assertTrue(far > 1e-4, "both are the same to " + far);
    }
  }

  private void assertProvenance(PretrainRecipe recipe, String kind, Provenance provenance) {
    assertEquals(kind, provenance.kind());
    assertEquals(recipe.hash(), provenance.recipeHash());
    assertEquals(LICENCES, provenance.licences());
    assertEquals(
        ContentHash.sha256(folder.resolve("scenes").resolve("manifest.json")),
        provenance.dataHash());
  }

  private static void assertFinite(Map<String, NDArray> arrays) {
    arrays.forEach((name, array) -> assertTrue(Float.isFinite(array.abs().max().getFloat()), name));
  }

  /** Half precision is all that changed the frozen positions; the encoder moved. */
  private static void assertFrozenPositionsStayed(
      PretrainRecipe recipe, Sam trained, NDManager manager) {
    Sam start = new Sam(Preset.TINY.encoder(), Preset.TINY.samHead());
    start.initialize(manager, recipe.seed());
    int frozen = 0;
    for (Map.Entry<String, NDArray> entry : start.arrays().entrySet()) {
      float[] before = entry.getValue().toFloatArray();
      float[] after = trained.arrays().get(entry.getKey()).toFloatArray();
      if (entry.getKey().startsWith("prompt_encoder.pe_layer.")) {
        frozen++;
        assertArrayEquals(before, after, 2e-3f, entry.getKey());
      } else if (entry.getKey().startsWith("image_encoder.")) {
        assertFalse(java.util.Arrays.equals(before, after), entry.getKey());
      }
    }
    assertEquals(1, frozen);
  }

  @Test
  void theSameSeedGivesTheSameFile() throws IOException {
    PretrainRecipe recipe = overfittingClip(3, 8);
    Path one = folder.resolve("one.safetensors");
    Path two = folder.resolve("two.safetensors");
    List<Trainer.Step> first = train(recipe, one);
    List<Trainer.Step> second = train(recipe, two);
    for (int step = 0; step < 3; step++) {
      assertEquals(first.get(step).losses(), second.get(step).losses());
      assertEquals(first.get(step).gradients(), second.get(step).gradients());
    }
    assertArrayEquals(Files.readAllBytes(one), Files.readAllBytes(two));
  }

  @Test
  void refusesWhatASelfDistilledVitCannotBe() {
    Map<String, String> wrong =
        Map.of(
            "self_distillation.local_side=12", "local_side",
            "stages.1.sources.sam.resolution=44", "resolution",
            "stages.1.sources.sam.batch_size=1", "batch_size",
            "self_distillation={view_weight: 0, contrast_weight: 0}", "view_weight",
            "self_distillation.teacher_temperature=0.5", "teacher_temperature",
            "self_distillation=null", "self_distillation",
            "vit.width=98", "width",
            "sam={preset: tiny}", "clip, sam and vit");
    wrong.forEach(
        (override, key) -> {
          UserError error =
              assertThrows(UserError.class, () -> recipe("dino", List.of(), override), override);
          assertTrue(error.getMessage().contains(key), error.getMessage());
        });
  }

  @Test
  void refusesWhatOnlyAMergeDoes() {
    for (String override :
        List.of(
            "cache_features=true",
            "checkpoint_activations=true",
            "feeds.masks.objectives.truth.target=soft")) {
      String key = override.contains("target") ? "target" : "stages.1." + override.split("=", 2)[0];
      UserError error =
          assertThrows(
              UserError.class,
              () ->
                  RecipeReader.readPretraining(
                      CONFIGS.resolve("pretrain-sam.yaml"), List.of("stages.1." + override)));
      assertTrue(error.getMessage().contains(key), error.getMessage());
    }
  }
}
