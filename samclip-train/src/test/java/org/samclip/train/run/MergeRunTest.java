package org.samclip.train.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.checkpoint.Checkpoints;
import org.samclip.checkpoint.Provenance;
import org.samclip.checkpoint.TensorSource;
import org.samclip.train.TinyMerge;
import org.samclip.train.TinyMerge.Heard;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.report.ResultsTable;
import org.samclip.train.stage.Trainer;
import org.samclip.train.store.RunFolder;

/** Whole runs: what they leave, and that stopping them in between changes nothing. */
class MergeRunTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Those of the recipe's entries, in their order. */
  private static final List<String> COLUMNS =
      List.of(
          "point_miou",
          "box_miou",
          "teacher_iou",
          "logit_ratio",
          "stability",
          "kept_point_miou",
          "kept_box_miou",
          "clip_cosine",
          "zeroshot_top1",
          "heldout_top1",
          "kept_zeroshot_top1",
          "kept_heldout_top1",
          "semantic_miou",
          "semantic_fg_miou",
          "heldout_semantic_miou",
          "kept_semantic_miou",
          "composed_miou",
          "composed_fg_miou",
          "heldout_composed_miou");

  @TempDir static Path shared;
  private static Path whole;
  private static TinyMerge tiny;
  private static Recipe recipe;
  private static ResultsTable table;

  @TempDir Path folder;

  /** A run without interruption, which the others are compared with. */
  @BeforeAll
  static void runOnce() {
    tiny = TinyMerge.in(shared);
    recipe = tiny.recipe();
    whole = shared.resolve("whole");
    table = TinyMerge.run(recipe, whole);
  }

  @Test
  void leavesWhatTheFolderPromises() throws IOException {
    for (String name :
        List.of(
            "recipe.yaml",
            "metrics.jsonl",
            "timings.jsonl",
            "results.json",
            "scores/sam-teacher.json.gz",
            "scores/stage3.json.gz",
            "scores/naive-kd.json.gz",
            "checkpoints/latest",
            "models/stage1.safetensors",
            "models/stage2.safetensors",
            "models/stage3.safetensors",
            "models/naive-kd.safetensors",
            "parameters-stage2.txt",
            "panels/panel-000.png")) {
      assertTrue(Files.isRegularFile(whole.resolve(name)), name);
    }
    assertEquals(table.json(), Files.readString(whole.resolve("results.json")));
    try (var checkpoints = Files.list(whole.resolve("checkpoints"))) {
      assertEquals(2 * 2 + 1, checkpoints.count(), "two checkpoints of two files, and latest");
    }
  }

  @Test
  void maxStepsEndsEveryStageAndLeavesTheScheduleAsPlanned() throws IOException {
    Path brief = folder.resolve("brief");
    TinyMerge.run(tiny.recipe("max_steps=1"), brief);
    List<JsonNode> steps = lines(brief);
    assertEquals(4, steps.size(), "one step of each stage and baseline");
    List<JsonNode> planned =
        lines(whole).stream().filter(line -> line.path("stage_step").asInt() == 1).toList();
    for (int i = 0; i < steps.size(); i++) {
      for (String key : List.of("phase", "stage_step", "lr_factor")) {
        assertEquals(planned.get(i).path(key), steps.get(i).path(key), key);
      }
    }
  }

  private static List<JsonNode> lines(Path run) throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("metrics.jsonl"))) {
      lines.add(JSON.readTree(line));
    }
    return lines;
  }

  @Test
  void modelsStateTheLicencesOfTheTeachersAndTheUser() {
    try (TensorSource source = Checkpoints.open(whole.resolve("models/stage3.safetensors"))) {
      assertEquals(
          Map.of("sam", "terms of sam", "clip", "terms of clip", "data", "terms of the data"),
          Provenance.fromMetadata(source.metadata()).orElseThrow().licences());
    }
  }

  @Test
  void resultsHaveTheRowsInOrderAndNullWhereAMetricDoesNotApply() throws IOException {
    JsonNode rows = JSON.readTree(whole.resolve("results.json").toFile()).path("rows");
    List<String> names = new ArrayList<>();
    for (JsonNode row : rows) {
      String name = row.path("model").asText();
      names.add(name);
      boolean sam = !name.equals("clip-teacher");
      boolean clip = !name.equals("sam-teacher");
      JsonNode metrics = row.path("metrics");
      assertEquals(
          COLUMNS,
          metrics.properties().stream().map(Map.Entry::getKey).toList(),
          metrics::toString);
      for (String metric : List.of("point_miou", "box_miou", "stability")) {
        check(metrics, metric, sam);
      }
      for (String metric : List.of("zeroshot_top1", "semantic_miou", "semantic_fg_miou")) {
        check(metrics, metric, clip);
      }
      for (String metric :
          List.of(
              "teacher_iou", "logit_ratio", "clip_cosine", "composed_miou", "composed_fg_miou")) {
        check(metrics, metric, sam && clip);
      }
      for (String metric : List.of("heldout_top1", "heldout_semantic_miou")) {
        check(metrics, metric, clip);
      }
      check(metrics, "heldout_composed_miou", sam && clip);
      for (String skill : List.of("box_miou", "zeroshot_top1", "semantic_miou")) {
        double of =
            rows.get(skill.equals("box_miou") ? 0 : 1)
                .at("/metrics/" + skill)
                .path("value")
                .asDouble();
        check(metrics, "kept_" + skill, sam && clip && of > 0);
        if (sam && clip && of > 0) {
          double share = metrics.path(skill).path("value").asDouble() / of;
          assertEquals(share, metrics.path("kept_" + skill).path("value").asDouble(), 1e-12, skill);
        }
      }
    }
    assertEquals(
        List.of("sam-teacher", "clip-teacher", "naive-kd", "stage1", "stage2", "stage3"), names);
    // Only the CLIP head has learned: SAM's skill is untouched.
    assertEquals(rows.get(0).at("/metrics/box_miou"), rows.get(3).at("/metrics/box_miou"));
    assertEquals(1, rows.get(3).at("/metrics/teacher_iou/value").doubleValue());
    assertEquals(1, rows.get(3).at("/metrics/logit_ratio/value").doubleValue());
  }

  private static void check(JsonNode metrics, String name, boolean applies) {
    JsonNode value = metrics.get(name);
    assertEquals(applies, value.path("value").isNumber(), () -> name + " = " + value);
    assertEquals(!applies, value.isNull(), () -> name + " = " + value);
  }

  @Test
  void metricsHoldEveryStepOnce() throws IOException {
    List<String> lines = Files.readAllLines(whole.resolve("metrics.jsonl"));
    int update = 0;
    int phase = 0;
    for (String name : List.of("stage1", "stage2", "stage3", "naive-kd")) {
      int steps = TinyMerge.STEPS.get(phase++);
      for (int step = 1; step <= steps; step++) {
        JsonNode line = JSON.readTree(lines.get(update++));
        assertEquals(update, line.path("step").asInt());
        assertEquals(name, line.path("phase").asText());
        assertEquals(step, line.path("stage_step").asInt());
        assertTrue(line.path("clip").isNumber(), line::toString);
        assertEquals(name.equals("stage2"), line.path("sam").isNumber(), line::toString);
      }
    }
    assertEquals(update, lines.size());
  }

  @Test
  void sameSeedGivesTheSameBytes() throws IOException {
    Path again = folder.resolve("again");
    TinyMerge.run(recipe, again);
    assertEquals(TinyMerge.files(whole), TinyMerge.files(again));
  }

  @Test
  void anotherSeedGivesAnotherModel() throws IOException {
    Path other = folder.resolve("other");
    TinyMerge.run(tiny.recipe("seed=6", "evaluation.data={}", "baselines=[]"), other);
    String name = "models/stage1.safetensors";
    assertFalse(TinyMerge.files(whole).get(name).equals(TinyMerge.files(other).get(name)));
  }

  /** Stops after the first and last steps of stages, at a checkpoint and between two. */
  @Test
  void interruptedAgainAndAgainGivesTheSame() throws IOException {
    Path root = folder.resolve("run");
    int done = 0;
    for (int stop : List.of(1, 3, 4, 6, 7, 8, 11)) {
      Heard heard = new Heard();
      heard.stopAfter = stop - done;
      assertTrue(TinyMerge.run(recipe, root, done > 0, heard).isEmpty(), "stop after " + stop);
      assertEquals(stop - done, heard.losses.size(), "went on after " + stop);
      String said = heard.messages.get(heard.messages.size() - 1);
      assertEquals("stopped: " + stop + " updates are saved; continue with --resume", said);
      done = stop;
      // As left by a save that was broken off.
      Path checkpoints = root.resolve("checkpoints");
      Files.writeString(checkpoints.resolve("step-00000099.model.safetensors"), "half");
      Files.writeString(checkpoints.resolve(".step-00000099.state.safetensors.1-1.tmp"), "");
      assertEquals(2, halves(root).size(), () -> "left: " + halves(root));
    }
    Heard heard = new Heard();
    assertEquals(table.json(), TinyMerge.run(recipe, root, true, heard).orElseThrow().json());
    assertEquals(List.of(), heard.losses);
    assertEquals(TinyMerge.lasting(whole), TinyMerge.lasting(root));
  }

  /** As if the power had failed: the last checkpoint is behind the log, whose last line is cut. */
  @Test
  void killedRunContinuesFromItsLastCheckpoint() throws IOException {
    Path root = folder.resolve("run");
    Heard killed =
        new Heard() {
          @Override
          public void onStep(String stage, long step, long end, Trainer.Step result, SoFar soFar) {
            if (stage.equals("stage2") && step == 2) {
              throw new IllegalStateException("killed");
            }
          }
        };
    assertThrows(IllegalStateException.class, () -> TinyMerge.run(recipe, root, false, killed));
    Path metrics = root.resolve("metrics.jsonl");
    assertEquals(3 + 3, Files.readAllLines(metrics).size());
    Files.writeString(metrics, "{\"step\":7,\"pha", StandardOpenOption.APPEND);
    Heard heard = new Heard();
    assertTrue(TinyMerge.run(recipe, root, true, heard).isPresent());
    assertEquals(2 + 2 + 2, heard.losses.size(), "two of stage 2's four steps were saved");
    assertEquals(TinyMerge.lasting(whole), TinyMerge.lasting(root));
  }

  /** Files in the checkpoints that belong to no complete one. */
  private static List<Path> halves(Path root) {
    try (var files = Files.list(root.resolve("checkpoints"))) {
      return files
          .filter(file -> !file.endsWith("latest"))
          .filter(file -> !file.getFileName().toString().startsWith("best-"))
          .filter(
              file ->
                  file.getFileName().toString().startsWith(".")
                      || !Files.exists(Path.of(file.toString().replace(".model.", ".state."))))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void finishedRunOnlyTellsItsTable() throws IOException {
    Map<String, String> before = TinyMerge.files(whole);
    Heard heard = new Heard();
    assertEquals(table.json(), TinyMerge.run(recipe, whole, true, heard).orElseThrow().json());
    assertEquals(List.of(), heard.messages);
    assertEquals(before, TinyMerge.files(whole));
  }

  @Test
  void folderOfARunIsNotMixedWithAnother() {
    assertRefused(() -> RunFolder.open(whole, recipe, false), "holds a run already");
    Recipe other = tiny.recipe("stages.2.feeds.masks.objectives.sam.weight=1");
    assertRefused(() -> RunFolder.open(whole, other, true), "another recipe");
    assertRefused(() -> RunFolder.open(folder, recipe, true), "holds no run to resume");
  }

  private static void assertRefused(org.junit.jupiter.api.function.Executable call, String says) {
    String message = assertThrows(UserError.class, call).getMessage();
    assertTrue(message.contains(says), message);
  }
}
