package org.samclip.train.stage;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samclip.UserError;
import org.samclip.data.cache.CacheUse;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ModelFile;
import org.samclip.model.SamModel;
import org.samclip.nn.Module;
import org.samclip.student.MergedModel;
import org.samclip.train.TinyMerge;
import org.samclip.train.TinyMerge.Heard;
import org.samclip.train.recipe.Recipe;

/** What a stage does to the model, and when it saves. */
class StageRunnerTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Nothing is measured. */
  private static final String BLIND = "evaluation.data={}";

  private static final String ALONE = "baselines=[]";

  /** Other targets leave nothing to learn for a student that is still its teacher. */
  private static final String HARD = "stages.multi_task.feeds.masks.objectives.sam.target=hard";

  @TempDir static Path shared;
  private static TinyMerge tiny;

  @TempDir Path folder;

  @BeforeAll
  static void makeTeachers() {
    tiny = TinyMerge.in(shared);
  }

  private Path run(Recipe recipe, String name) {
    Path root = folder.resolve(name);
    TinyMerge.run(recipe, root);
    return root;
  }

  private static Map<String, float[]> values(Module module) {
    Map<String, float[]> values = new TreeMap<>();
    module.arrays().forEach((name, array) -> values.put(name, array.toFloatArray()));
    return values;
  }

  private static Map<String, float[]> model(Path root, String row) {
    try (NDManager manager = LibTorch.newManager(LibTorch.device("cpu"))) {
      Path file = root.resolve("models/" + row + ".safetensors");
      return values(ModelFile.read(MergedModel.class, file, manager).student());
    }
  }

  private static Map<String, float[]> samTeacher() {
    try (NDManager manager = LibTorch.newManager(LibTorch.device("cpu"))) {
      return values(
          ModelFile.read(SamModel.class, shared.resolve("sam.safetensors"), manager).sam());
    }
  }

  /** Exactly the parameters whose names match have other values. */
  private static void assertMoved(
      Map<String, float[]> before, Map<String, float[]> after, String names) {
    before.forEach(
        (name, values) ->
            assertEquals(name.matches(names), !Arrays.equals(values, after.get(name)), name));
  }

  @Test
  void whatLearnsMovesAndNothingElseDoes() {
    Path root = folder.resolve("run");
    Heard heard = new Heard();
    TinyMerge.run(tiny.recipe(BLIND, HARD), root, false, heard);
    Map<String, float[]> stage1 = model(root, "stage1");
    Map<String, float[]> stage2 = model(root, "stage2");
    Map<String, float[]> stage3 = model(root, "stage3");
    assertMoved(samTeacher(), stage1, "");
    assertMoved(stage1, stage2, "(clip_head|image_encoder|mask_decoder)\\..*");
    assertMoved(stage2, stage3, "clip_head\\..*");
    // The neck is in a group that learns, but the CLIP head does not stand on it.
    assertMoved(samTeacher(), model(root, "naive-kd"), "image_encoder\\.(?!neck\\.).*");
    assertEquals(
        List.of("naive-kd: no loss reached image_encoder.neck.* (6); they are what they were"),
        heard.messages.stream().filter(line -> line.contains("no loss")).toList());
  }

  /** Only where a phase begins from the student as the recipe makes it. */
  @Test
  void headsWithoutATeachersWeightsBeginFresh() {
    List<Set<String>> fresh =
        Phase.of(tiny.recipe()).stream().map(phase -> ((TrainPhase) phase).freshHeads()).toList();
    Set<String> random = Set.of("clip_head");
    assertEquals(List.of(random, Set.of(), Set.of(), random), fresh);
  }

  /** Of four steps the second and the fourth are looked at; nothing gets better at such a rate. */
  @Test
  void aStageEndsEarlyWithTheModelThatWasBest() throws IOException {
    Recipe recipe =
        tiny.recipe(
            ALONE,
            "evaluation.data={}",
            "stages.multi_task.duration=9 steps",
            "stages.multi_task.optimizer.lr=1.0e-30",
            "stages.multi_task.validation.stop_after=2",
            "stages.resolution_adaptation.duration=1 steps");
    Path root = run(recipe, "run");
    List<JsonNode> looked = new ArrayList<>();
    int steps = 0;
    for (String line : Files.readAllLines(root.resolve("metrics.jsonl"))) {
      JsonNode node = JSON.readTree(line);
      if (node.path("phase").asText().equals("stage2")) {
        steps++;
        if (node.has("val_loss")) {
          looked.add(node);
        }
      }
    }
    assertEquals(6, steps, "the first look was the best, the next two were not better");
    assertEquals(List.of(2, 4, 6), looked.stream().map(n -> n.path("stage_step").asInt()).toList());
    for (JsonNode node : looked) {
      double sum =
          node.path("val_clip_loss").asDouble() + 10 * node.path("val_sam_loss").asDouble();
      assertEquals(sum, node.path("val_loss").asDouble(), 1e-6);
      assertTrue(node.path("val_zeroshot_top1").isNumber(), node::toString);
      assertEquals(
          looked.get(0).path("val_loss").asDouble(), node.path("val_loss").asDouble(), 1e-6);
    }
  }

  @Test
  void aMetricThatIsNotMeasuredIsRefusedWithThoseThatAre() {
    Recipe recipe = tiny.recipe(ALONE, "stages.multi_task.validation.metric=box_miuo");
    UserError error = assertThrows(UserError.class, () -> run(recipe, "run"));
    assertTrue(error.getMessage().contains("box_miuo is not measured here"), error.getMessage());
    assertTrue(error.getMessage().contains("box_miou"), error.getMessage());
  }

  /** The count of updates is in the checkpoint: what an earlier part reached stays told. */
  @Test
  void aResumedStageTellsOfAllItsSteps() {
    Recipe recipe =
        tiny.recipe(
            BLIND,
            ALONE,
            "stages.head_probing.duration=1 steps",
            "stages.multi_task.feeds.masks.objectives.sam.loss.iou=0",
            "stages.resolution_adaptation.duration=1 steps");
    Path root = folder.resolve("run");
    Heard stopped = new Heard();
    stopped.stopAfter = 3;
    assertTrue(TinyMerge.run(recipe, root, false, stopped).isEmpty());
    Heard resumed = new Heard();
    TinyMerge.run(recipe, root, true, resumed);
    String told =
        "stage2: no loss reached mask_decoder.iou_prediction_head.* (6); they are what they were";
    assertTrue(stopped.messages.stream().noneMatch(line -> line.contains("no loss")));
    assertTrue(resumed.messages.contains(told), resumed.messages::toString);
  }

  /** At a rate that changes no float32 but zeros, the first model is the start. */
  @ParameterizedTest
  @CsvSource({"last_layer, .*", "last_attention, attn\\..*", "random, "})
  void theHeadStartsAsTheRecipeSays(String init, String copied) {
    Recipe recipe =
        tiny.recipe(
            BLIND,
            ALONE,
            "student.heads.clip_head.init=" + init,
            "stages.head_probing.duration=1 steps",
            "stages.head_probing.optimizer.lr=1.0e-30",
            "stages.multi_task.duration=1 steps",
            "stages.resolution_adaptation.duration=1 steps");
    Map<String, float[]> head = model(run(recipe, "run"), "stage1");
    for (String name :
        List.of("attn.qkv.weight", "attn.proj.weight", "mlp.lin1.weight", "mlp.lin2.weight")) {
      boolean same =
          Arrays.equals(
              samTeacher().get("image_encoder.blocks.1." + name),
              head.get("clip_head.blocks.0." + name));
      assertEquals(copied != null && name.matches(copied), same, name);
    }
  }

  /** AdamW's first update is the rate times a sign, so the largest change is the rate itself. */
  @Test
  void encoderAndDecoderLearnAtATenthOfTheRate() {
    String[] oneStep = {
      BLIND,
      ALONE,
      HARD,
      "stages.multi_task.start=base",
      "stages.multi_task.ema=null",
      "stages.head_probing.duration=1 steps",
      "stages.resolution_adaptation.duration=1 steps",
      "stages.multi_task.duration=1 steps",
      "stages.multi_task.optimizer.warmup=0 %",
      "stages.multi_task.optimizer.weight_decay=0",
      null
    };
    oneStep[10] = "stages.multi_task.optimizer.lr=1.0e-3";
    Map<String, float[]> after = model(run(tiny.recipe(oneStep), "after"), "stage2");
    // So small a rate changes no float32.
    oneStep[10] = "stages.multi_task.optimizer.lr=1.0e-30";
    Map<String, float[]> before = model(run(tiny.recipe(oneStep), "before"), "stage2");
    Map<String, Double> largest = new TreeMap<>();
    before.forEach(
        (name, values) -> {
          for (int i = 0; i < values.length; i++) {
            double change = Math.abs((double) after.get(name)[i] - values[i]);
            largest.merge(name.split("\\.")[0], change, Math::max);
          }
        });
    assertEquals(1e-3, largest.get("clip_head"), 1e-5, largest::toString);
    assertEquals(1e-4, largest.get("image_encoder"), 1e-6, largest::toString);
    assertEquals(1e-4, largest.get("mask_decoder"), 1e-6, largest::toString);
    assertEquals(0, largest.get("prompt_encoder"), largest::toString);
  }

  @Test
  void cachedFeaturesGiveTheSameLosses() throws IOException {
    // 24 images in batches of 8: two passes over the same single crop of each.
    String[] recipe = {
      BLIND,
      ALONE,
      "stages.head_probing.duration=7 steps",
      "stages.head_probing.feeds.images.views=1",
      "stages.head_probing.feeds.images.resolutions=[32]",
      "stages.multi_task.duration=1 steps",
      "stages.resolution_adaptation.duration=1 steps",
      "stages.head_probing.cache_features=false"
    };
    Heard computed = new Heard();
    TinyMerge.run(tiny.recipe(recipe), folder.resolve("computed"), false, computed);
    recipe[7] = "stages.head_probing.cache_features=true";
    Heard cached = new Heard();
    TinyMerge.run(tiny.recipe(recipe), folder.resolve("cached"), false, cached);
    for (int step = 0; step < 7; step++) {
      double loss = computed.losses.get(step).get("clip");
      assertEquals(loss, cached.losses.get(step).get("clip"), loss * 1e-3, "step " + step);
    }
    assertNotEquals(computed.losses.get(0), computed.losses.get(6));
    // Two networks, 24 images; the first pass of three steps computes.
    assertEquals(new CacheUse(0, 48, 0, 0), cached.cache.get(2));
    assertEquals(new CacheUse(64, 48, 0, 0), cached.cache.get(6));
    assertEquals(CacheUse.NONE, computed.cache.get(6));
    assertTrue(Files.notExists(folder.resolve("cached/cache")), "cache is left");
  }

  /** Where the backbone learns, its outputs change, and only the teachers' are kept. */
  @Test
  void teachersAreCachedForOtherRuns() throws IOException {
    Recipe recipe =
        tiny.recipe(
            BLIND,
            ALONE,
            "cache.dir=" + folder.resolve("shared").toString().replace('\\', '/'),
            "stages.head_probing.duration=1 steps",
            "stages.resolution_adaptation.duration=1 steps",
            "stages.multi_task.feeds.images.views=1",
            "stages.multi_task.cache_features=true");
    Heard first = new Heard();
    TinyMerge.run(recipe, folder.resolve("first"), false, first);
    try (Stream<Path> files = Files.list(folder.resolve("shared"))) {
      assertEquals(
          List.of("clip-summary", "sam-spatial"),
          files
              .map(f -> f.getFileName().toString().replaceAll("-[0-9a-f]{16}-.*", ""))
              .sorted()
              .toList());
    }
    assertTrue(first.cache.get(4).misses() > 0);
    Heard second = new Heard();
    TinyMerge.run(recipe, folder.resolve("second"), false, second);
    assertEquals(0, second.cache.get(4).misses());
    assertEquals(first.cache.get(4).asked(), second.cache.get(4).hits());
    assertEquals(first.losses, second.losses);
  }

  @Test
  void aResumedStageReadsWhatWasKept() {
    Recipe recipe =
        tiny.recipe(
            BLIND,
            ALONE,
            "stages.head_probing.duration=6 steps",
            "stages.head_probing.feeds.images.views=1",
            "stages.head_probing.feeds.images.resolutions=[32]",
            "stages.head_probing.cache_features=true",
            "stages.multi_task.duration=1 steps",
            "stages.resolution_adaptation.duration=1 steps");
    Path root = folder.resolve("run");
    Heard stopped = new Heard();
    stopped.stopAfter = 4;
    assertTrue(TinyMerge.run(recipe, root, false, stopped).isEmpty());
    Heard resumed = new Heard();
    assertTrue(TinyMerge.run(recipe, root, true, resumed).isPresent());
    assertEquals(new CacheUse(16, 0, 0, 0), resumed.cache.get(0));
    Heard whole = new Heard();
    TinyMerge.run(recipe, folder.resolve("whole"), false, whole);
    stopped.losses.addAll(resumed.losses);
    assertEquals(whole.losses, stopped.losses);
  }

  /** 24 images in batches of 8 are 3 steps, so half an epoch is every second step. */
  @Test
  void epochsBetweenCheckpointsAreThoseOfTheData() throws Exception {
    Recipe recipe =
        tiny.recipe(
            BLIND,
            ALONE,
            "checkpoint.every=0.5 epochs",
            "checkpoint.keep=100",
            "stages.head_probing.duration=2 epochs",
            "stages.head_probing.feeds.images.resolutions=[32]",
            "stages.multi_task.duration=1 steps",
            "stages.resolution_adaptation.duration=1 steps");
    Path root = run(recipe, "run");
    try (var files = Files.list(root.resolve("checkpoints"))) {
      assertEquals(
          List.of("step-00000002", "step-00000004"),
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith(".state.safetensors"))
              .map(name -> name.substring(0, 13))
              .sorted()
              .toList());
    }
  }
}
