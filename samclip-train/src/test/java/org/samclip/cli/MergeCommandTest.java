package org.samclip.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.engine.Engine;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.samclip.train.TinyMerge;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.RecipeReader;
import org.samclip.train.recipe.TeacherSpec;
import org.samclip.train.report.ResultsTable;

/**
 * {@code samclip merge} as a user meets it: what it asks for, says and leaves when things are
 * wrong.
 */
class MergeCommandTest {

  private static final Path CONFIGS = Path.of("..", "configs");

  @TempDir static Path shared;
  private static Path config;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir Path folder;
  private Path run;

  @BeforeAll
  static void makeTeachers() throws IOException {
    TinyMerge tiny = TinyMerge.in(shared);
    config = Files.writeString(shared.resolve("tiny.yaml"), tiny.yaml());
  }

  @BeforeEach
  void nameFolder() {
    run = folder.resolve("run");
  }

  private int samclip(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    return Samclip.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }

  /** Merges with overrides; an argument that begins with -- is handed on as it is. */
  private int merge(String... more) {
    List<String> arguments = new ArrayList<>(List.of("merge", config.toString()));
    arguments.addAll(List.of("--out", run.toString()));
    for (String argument : more) {
      if (!argument.startsWith("--")) {
        arguments.add("--set");
      }
      arguments.add(argument);
    }
    return samclip(arguments.toArray(String[]::new));
  }

  private void assertRefused(String says, String... more) {
    Path scenes = folder.resolve("scenes");
    List<String> all = new ArrayList<>(Arrays.asList(more));
    if (Arrays.stream(more).noneMatch(argument -> argument.startsWith("data."))) {
      all.add("data.scenes.dir=" + scenes);
    }
    assertEquals(2, merge(all.toArray(String[]::new)), () -> "" + out + err);
    String message = err.toString();
    assertTrue(message.startsWith("samclip: ") && message.contains(says), message);
    assertEquals(1, message.lines().count(), message);
    assertFalse(Files.exists(run), "the run's folder was made");
    assertFalse(Files.exists(scenes), "scenes were written");
  }

  static List<Path> configs() throws IOException {
    try (Stream<Path> files = Files.list(CONFIGS)) {
      return files
          .filter(file -> !file.getFileName().toString().startsWith("pretrain-"))
          .sorted()
          .toList();
    }
  }

  private static Set<Path> below(Path root) throws IOException {
    try (Stream<Path> files = Files.walk(root, 1)) {
      return new TreeSet<>(files.toList());
    }
  }

  @Test
  void seedsRunOneAfterTheOtherAndAreTakenTogether() throws IOException {
    String[] brief = {"--seeds=3,4", "baselines=[]", "max_steps=1", "evaluation.panels=0"};
    assertEquals(0, merge(brief), () -> "" + out + err);
    JsonNode all = new ObjectMapper().readTree(run.resolve("results-seeds.json").toFile());
    JsonNode stage3 = null;
    for (JsonNode row : all.path("rows")) {
      stage3 = row.path("model").asText().equals("stage3") ? row : stage3;
    }
    assertEquals("[3,4]", stage3.path("seeds").toString(), all::toString);
    double sum = 0;
    for (String seed : List.of("seed-3", "seed-4")) {
      for (ResultsTable.Row row : ResultsTable.read(run.resolve(seed + "/results.json")).rows()) {
        sum += row.model().equals("stage3") ? row.metrics().get("clip_cosine").value() : 0;
      }
    }
    assertEquals(
        sum / 2, stage3.at("/metrics/clip_cosine/value/value").asDouble(), 1e-9, stage3::toString);
    assertNotEquals(
        Files.readString(run.resolve("seed-3/results.json")),
        Files.readString(run.resolve("seed-4/results.json")));
    // Both are finished; a third one begins.
    assertEquals(0, merge("--seeds=3,4,5", "--resume", brief[1], brief[2], brief[3]));
    assertTrue(Files.exists(run.resolve("seed-5/results.json")));
    assertEquals(2, merge("--seeds=3,3", brief[1], brief[2], brief[3]));
  }

  /** Of teachers that are files, it reads the sizes; without them it says which one is missing. */
  @ParameterizedTest
  @MethodSource("configs")
  void dryRunOfEveryConfigNeedsNoDataAndWritesNone(Path file) throws IOException {
    Set<Path> before = below(Path.of("."));
    Recipe recipe = RecipeReader.read(file, List.of());
    boolean embedded =
        recipe.teachers().values().stream()
            .allMatch(teacher -> teacher.weights().startsWith(TeacherSpec.EMBEDDED));
    int code = samclip("merge", file.toString(), "--dry-run");
    assertEquals(before, below(Path.of(".")));
    assertEquals(0, code, err::toString);
    String text = out.toString();
    if (!embedded) {
      assertTrue(text.contains("of the teachers these files are not here:\n  teachers."), text);
      return;
    }
    for (String part :
        List.of(
            "stage 1 ",
            "stage1, parameters of stage ",
            "parameters learn\n",
            "device memory about ",
            "Java heap about ",
            "disk about ",
            "teacher ")) {
      assertTrue(text.contains(part), () -> part + " is not in " + text);
    }
  }

  @Test
  void dryRunKnowsStepsAndSizesWhereTheyAreThere() {
    assertEquals(0, merge("--dry-run", "stages.1.duration=2 epochs"), err::toString);
    String text = out.toString();
    assertTrue(text.contains("head clip_head: clip-head"), text);
    assertTrue(text.contains("towards clip.summary"), text);
    assertTrue(text.contains("teacher sam: " + shared.resolve("sam.safetensors")), text);
    assertTrue(text.contains("feed images of images: 8 at 32 px or 2 at 64 px, cropped"), text);
    assertTrue(text.contains("feed masks of masks: 2 at 64 px, padded, 2 prompts each"), text);
    // 24 images; batches of 8 at 32 px and 2 at 64 px, so 5 on average.
    assertTrue(text.contains("\n10 steps, about "), text);
    assertTrue(text.contains("time of training very roughly "), text);
    assertFalse(Files.exists(run));
  }

  /** The paper's student on teachers that are here; its data are not. */
  @Test
  void dryRunOfThePapersRecipeSaysWhatItCannotKnow() {
    String file = CONFIGS.resolve("sam-clip-vit-b.yaml").toString();
    assertEquals(0, samclip("merge", file, "--dry-run"), err::toString);
    String text = out.toString();
    assertTrue(text.contains("teachers.clip.tokenizer: no file weights/"), text);
    assertTrue(text.contains("it cannot be told whether heads, objectives and groups fit"), text);
    assertTrue(text.contains("stage1: 20 epochs, steps unknown: "), text);
  }

  @Test
  void dryRunRefusesGroupsThatDoNotFit() {
    assertRefused("leaves out prompt_encoder.", "--dry-run", "stages.2.groups.3.pattern=no_mask.*");
  }

  @Test
  void groupsOfALaterStageAreCheckedFirst() {
    assertRefused("leaves out prompt_encoder.", "stages.2.groups.3.pattern=no_mask.*");
  }

  @Test
  void batchesThatNoHeapHolds() {
    assertRefused(
        "stage multi_task: its batches take ", "stages.2.feeds.images.batch_size=100000000");
  }

  @Test
  void missingTeacher() {
    Path none = folder.resolve("none.safetensors");
    assertRefused("teachers.sam.weights: no file " + none, "teachers.sam.weights=" + none);
  }

  @Test
  void teacherOfAnotherKind() {
    assertRefused(
        "'student.heads.masks.from' is 'sam', which has no head of kind mask-decoder",
        "teachers.sam.weights=" + shared.resolve("clip.safetensors"));
  }

  @Test
  void teacherThatIsNoModel() throws IOException {
    Path file = Files.writeString(folder.resolve("text.safetensors"), "these are no weights");
    assertRefused("teachers.clip.weights: " + file, "teachers.clip.weights=" + file);
  }

  @Test
  void studentOfOtherSizesThanItsTeacher() {
    assertRefused(
        "student.backbone: the sizes differ from those of teachers.sam",
        "student.backbone.width=64");
  }

  @Test
  void unknownDevice() {
    assertRefused("'device' is 'gpu'", "device=gpu");
  }

  @Test
  void absentGpu() {
    Assumptions.assumeTrue(Engine.getEngine("PyTorch").getGpuCount() == 0, "there is a GPU");
    assertRefused("device 'cuda' is not there", "device=cuda");
  }

  @Test
  void missingData() {
    Path none = folder.resolve("none");
    assertRefused(
        none + ": no such file or folder",
        "data.scenes=null",
        "data.sources.images.shards=" + none,
        "data.sources.masks={source: sa1b, shards: " + none + "}");
  }

  @Test
  void missingEvaluationData() {
    assertEquals(2, merge("evaluation.data={classes: " + folder.resolve("none") + "}"));
    assertTrue(err.toString().contains(folder.resolve("none").toString()), err::toString);
    assertFalse(Files.exists(run), "the run's folder was made");
  }

  @Test
  void folderThatCannotBeMade() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "");
    run = file.resolve("below");
    assertRefused(file + " is a file, not a folder");
  }

  @Test
  void withoutEvaluationDataTheTableIsEmpty() throws IOException {
    assertEquals(0, merge("evaluation.data={}", "baselines=[]"), err::toString);
    String results = Files.readString(run.resolve("results.json"));
    int columns = ResultsTable.read(run.resolve("results.json")).columns().size();
    assertTrue(columns > 10, results);
    assertEquals(5 * columns, results.split(" : null", -1).length - 1, results);
    assertTrue(Files.exists(run.resolve("models/stage3.safetensors")));
  }

  /**
   * A quarter of the images breaks; the run stops within a stage and goes on once they are whole.
   */
  @Test
  void tooManyBrokenSamplesStopTheRunAndLeaveItsCheckpoint() throws IOException {
    Path scenes = folder.resolve("own");
    String[] write = {
      "data",
      "scenes",
      "--out",
      scenes.toString(),
      "--size",
      "64",
      "--clip",
      "24",
      "--sam",
      "4",
      "--crops",
      "0",
      "--scenes",
      "0"
    };
    assertEquals(0, samclip(write), err::toString);
    Path shard = scenes.resolve("clip/clip-00000.tar");
    Path whole = Files.copy(shard, folder.resolve("whole.tar"));
    breakImages(whole, shard, 4);
    String[] recipe = {
      "data.scenes=null",
      "data.sources.images={shards: " + shard + ", hold_out: 0}",
      "data.sources.masks={source: sa1b, shards: " + scenes.resolve("sam") + ", hold_out: 0}",
      "stages.2.validation=null",
      "stages.1.feeds.images.resolutions=[32]",
      "evaluation.data={}",
      "baselines=[]",
      "checkpoint.every=1 steps"
    };
    assertEquals(2, merge(recipe), () -> "" + out + err);
    String message = err.toString();
    assertTrue(
        message.contains("samclip: data.sources.images: 6 of 24 samples are broken"), message);
    assertTrue(message.contains("quarantine.tsv"), message);
    assertEquals(6, Files.readAllLines(run.resolve("quarantine.tsv")).size());
    assertEquals("step-00000002", Files.readString(run.resolve("checkpoints/latest")).strip());

    Files.copy(whole, shard, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    List<String> resumed = new ArrayList<>(List.of(recipe));
    resumed.add("--resume");
    assertEquals(0, merge(resumed.toArray(String[]::new)), err::toString);
    assertEquals(3 + 4 + 2, Files.readAllLines(run.resolve("metrics.jsonl")).size());
  }

  /** Copies an archive; every n-th image becomes zeros. */
  private static void breakImages(Path from, Path to, int every) throws IOException {
    try (TarArchiveInputStream in = new TarArchiveInputStream(Files.newInputStream(from));
        TarArchiveOutputStream tar = new TarArchiveOutputStream(Files.newOutputStream(to))) {
      int images = 0;
      for (TarArchiveEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        byte[] content = in.readAllBytes();
        if (entry.getName().endsWith(".jpg") && images++ % every == 0) {
          Arrays.fill(content, (byte) 0);
        }
        tar.putArchiveEntry(entry);
        tar.write(content);
        tar.closeArchiveEntry();
      }
    }
  }
}
