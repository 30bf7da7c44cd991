package org.samclip.train.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.data.replay.ReplayStream;
import org.samclip.kernel.LibTorch;
import org.samclip.model.Arithmetic;
import org.samclip.model.VisionModel;
import org.samclip.nn.Module;
import org.samclip.student.Head;
import org.samclip.student.MaskHead;
import org.samclip.student.Student;
import org.samclip.train.FeedBuilder;
import org.samclip.train.InMemorySource;
import org.samclip.train.OwnProcess;
import org.samclip.train.TinyModels;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.FeedBatches;
import org.samclip.train.feed.Span;
import org.samclip.train.feed.Viewer;
import org.samclip.train.objective.Feeds;
import org.samclip.train.objective.Passes;
import org.samclip.train.objective.StudentFeed;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.CosineSchedule;
import org.samclip.train.optim.Optimizers;
import org.samclip.train.recipe.FeedSpec;
import org.samclip.train.recipe.ParameterTable;
import org.samclip.train.recipe.PromptsSpec;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.RecipeReader;
import org.samclip.train.recipe.StageSpec;
import org.samclip.train.stage.StageRunner;
import org.samclip.train.stage.Trainer;
import org.samclip.train.student.StudentBuilder;
import org.samclip.train.teacher.Teachers;

/** The estimate of a stage's memory against what the process takes. */
class StageCostTest {

  private static final Path STATUS = Path.of("/proc/self/status");

  private static final double FACTOR = 2;

  /**
   * Nearly all of it activations: of the head alone, of encoder and head, of encoder and decoder.
   */
  @ParameterizedTest
  @EnabledOnOs(OS.LINUX)
  @Timeout(400)
  @ValueSource(
      strings = {
        "0 stages.1.feeds.images.batch_size=24 stages.1.feeds.images.resolutions=[128]",
        "1 stages.2.feeds.images.batch_size=24 stages.2.feeds.images.resolutions=[128]",
        "1 stages.2.feeds.masks.batch_size=20 stages.2.feeds.masks.prompts.per_image=4"
      })
  void memoryIsRightToAFactorOfTwo(String arguments, @TempDir Path folder) throws Exception {
    // The heap is there before anything is measured.
    List<String> options = List.of("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch");
    String line = OwnProcess.lastLine(folder, options, Probe.class, arguments.split(" "));
    String[] bytes = line.split(" ");
    double estimate = Double.parseDouble(bytes[0]);
    double taken = Double.parseDouble(bytes[1]);
    assertTrue(estimate > 200e6, () -> "too small a case: " + line);
    assertTrue(estimate < FACTOR * taken && taken < FACTOR * estimate, line);
  }

  /** A step of a stage of the quickstart, with larger batches. Prints both. */
  static final class Probe {

    private Probe() {}

    public static void main(String[] arguments) throws IOException {
      Recipe recipe =
          RecipeReader.read(
              Path.of("..", "configs", "quickstart.yaml"),
              List.of(arguments).subList(1, arguments.length));
      StageSpec stage = recipe.stages().get(Integer.parseInt(arguments[0]));
      try (NDManager manager = LibTorch.newManager(Device.cpu())) {
        warmUp(manager);
        long before = status("VmRSS");
        Teachers teachers = Teachers.load(recipe.teachers(), manager);
        Student student = new StudentBuilder(recipe.student(), teachers).sized();
        student.initialize(manager, 1);
        ParameterTable table = StageRunner.table(stage, student);
        AdamW optimizer = Optimizers.of(stage.optimizer(), table, student.arrays(), manager);
        List<StudentFeed> feeds = feeds(stage, student, teachers, manager);
        Trainer trainer = new Trainer(feeds, optimizer, new CosineSchedule(0, 9, 0), 1);
        trainer.step(0);
        feeds.forEach(StudentFeed::close);
        long parameters = student.parameterCount();
        for (VisionModel teacher : teachers.models().values()) {
          parameters += teacher.modules().values().stream().mapToLong(Module::parameterCount).sum();
        }
        StageCost cost = new StageCost(stage, student, teachers.models(), table, true);
        long estimate = 4 * parameters + cost.learningBytes() + cost.activationBytes();
        System.out.println(estimate + " " + (status("VmHWM") - before));
      }
    }

    private static void warmUp(NDManager manager) {
      TinyModels.student(manager, 1);
    }

    private static List<StudentFeed> feeds(
        StageSpec stage, Student student, Teachers teachers, NDManager manager) {
      List<StudentFeed> feeds = new ArrayList<>();
      Passes passes = new Passes(manager, false, Optional.empty());
      stage
          .feeds()
          .forEach(
              (name, spec) -> {
                ReplayStream stream = stream();
                List<Viewer> viewers = Feeds.viewers(spec, student, teachers.models());
                FeedBatches batches = FeedBatches.of(spec, stream, viewers, 1);
                Feed feed = new Feed(name, stream, batches, new Span(0, 2));
                feeds.add(Feeds.of(feed, spec, student, teachers, passes, 1, Map.of()));
              });
      return feeds;
    }

    private static ReplayStream stream() {
      return new InMemorySource(InMemorySource.pictures(20)).stream(1, 1);
    }

    /** A line of the process's status, in bytes. */
    private static long status(String name) throws IOException {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith(name + ":")) {
          return 1024 * Long.parseLong(line.replaceAll("\\D", ""));
        }
      }
      throw new IllegalStateException("no " + name + " in " + STATUS);
    }
  }

  private static final FeedSpec CROPS =
      new FeedBuilder(8, 32, 64)
          .views(2)
          .objective("clip", "clip_head", "clip.summary")
          .objective("patches", "clip_head.spatial", "clip.spatial")
          .build();

  private static final FeedSpec MASKS =
      new FeedBuilder(2, 32)
          .prompts(new PromptsSpec(3, .5, .1, 20, .9, 2))
          .objective("sam", "masks", "sam.masks")
          .build();

  /** Two feeds, three objectives; the backbone learns or not. */
  private static StageSpec stage(boolean learns, boolean cached, boolean checkpoint) {
    Recipe like =
        RecipeReader.read(
            Path.of("..", "configs", "quickstart.yaml"),
            learns
                ? List.of()
                : List.of(
                    "stages.2.groups.2={pattern: 'image_encoder.*', frozen: true, lr_factor: null}"));
    StageSpec stage = like.stages().get(1);
    Map<String, FeedSpec> feeds = new LinkedHashMap<>();
    feeds.put("crops", CROPS);
    feeds.put("masks", MASKS);
    return new StageSpec(
        stage.name(),
        stage.start(),
        stage.duration(),
        null,
        feeds,
        stage.optimizer(),
        stage.groups(),
        null,
        null,
        cached,
        checkpoint);
  }

  /** Counted from what the parts say of themselves for one image. */
  @Test
  void operationsOfTwoFeedsAndThreeObjectives() {
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      Student student = TinyModels.student(manager, 1);
      Map<String, VisionModel> teachers = TinyModels.teachers(manager, 2).models();
      // Both resolutions are as likely: 8 images of 32 px, 2 of 64 px. CLIP sees 16 px.
      double crops =
          8 * image(student, teachers, 32, 3) / 2 + 2 * image(student, teachers, 64, 3) / 2;
      Head head = student.head("masks");
      double masks =
          2
              * (teachers.get("sam").operations(32)
                  + 3 * student.backbone().operations(32)
                  + 3 * head.operations(32)
                  // Three prompts, drawn twice, by student with its backward pass and by teacher.
                  + 3 * 2 * 4 * Arithmetic.maskDecoder(((MaskHead) head).sizes(), 4));
      double expected = 10 * (crops + masks);
      StageSpec stage = stage(true, false, false);
      StageCost cost = cost(stage, student, teachers);
      assertEquals(expected, cost.operations(10, name -> 1), 1e-9 * expected);
      // Activations computed again cost one more pass of the backbone; a frozen one has one only.
      double again = operations(stage(true, false, true), student, teachers);
      double frozen = operations(stage(false, false, false), student, teachers);
      double backbone =
          10
              * (4 * student.backbone().operations(32)
                  + student.backbone().operations(64)
                  + 2 * student.backbone().operations(32));
      assertEquals(expected + backbone, again, 1e-9 * expected);
      assertEquals(expected - 2 * backbone, frozen, 1e-9 * expected);
    }
  }

  private static double image(
      Student student, Map<String, VisionModel> teachers, int side, int backbonePasses) {
    return teachers.get("clip").operations(16)
        + backbonePasses * student.backbone().operations(side)
        + 3 * student.head("clip_head").operations(side);
  }

  private static double operations(
      StageSpec stage, Student student, Map<String, VisionModel> teachers) {
    return cost(stage, student, teachers).operations(10, name -> 1);
  }

  private static StageCost cost(
      StageSpec stage, Student student, Map<String, VisionModel> teachers) {
    return new StageCost(stage, student, teachers, StageRunner.table(stage, student), false);
  }

  /**
   * Half precision: rows of CLIP's two outputs, SAM's embedding, and a frozen backbone's tokens.
   */
  @Test
  void cachedRowsOfTwoFeedsAndThreeObjectives() {
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      Student student = TinyModels.student(manager, 1);
      Map<String, VisionModel> teachers = TinyModels.teachers(manager, 2).models();
      ToLongFunction<String> images = name -> name.equals("images") ? 7 : 5;
      // Long enough to see all of 7 images in two views, at both resolutions, and all of 5.
      long clip = 6 + 6 * 2 * 2;
      long sam = 8 * 4 * 4;
      long tokens = 14 * (16 * 4 * 4) + 14 * (16 * 8 * 8) + 5 * (16 * 4 * 4);
      StageSpec frozen = stage(false, true, false);
      StageSpec learning = stage(true, true, false);
      assertEquals(
          2 * (14 * clip + 5 * sam), cost(learning, student, teachers).cacheBytes(1000, images));
      assertEquals(
          2 * (14 * clip + 5 * sam + tokens),
          cost(frozen, student, teachers).cacheBytes(1000, images));
      // One step sees 4 images at 32 px, 1 at 64 px and 2 with masks.
      assertEquals(
          2 * (5 * clip + 2 * sam), cost(learning, student, teachers).cacheBytes(1, images));
      assertEquals(0, cost(stage(true, false, false), student, teachers).cacheBytes(9, images));
      // Of 1000 steps, teachers are asked about each of them once.
      double live = cost(stage(true, false, false), student, teachers).operations(1000, images);
      double saved =
          (5000 - 14) * teachers.get("clip").operations(16)
              + (2000 - 5) * teachers.get("sam").operations(32);
      assertEquals(
          live - saved, cost(learning, student, teachers).operations(1000, images), 1e-9 * live);
    }
  }

  /** Gradients, two moments and the gradients of the feed before; a checkpoint has the moments. */
  @Test
  void copiesOfWhatLearns() {
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      Student student = TinyModels.student(manager, 1);
      Map<String, VisionModel> teachers = TinyModels.teachers(manager, 2).models();
      StageSpec stage = stage(true, false, false);
      long learning =
          student.arrays().entrySet().stream()
              .filter(entry -> !entry.getKey().startsWith("prompt_encoder."))
              .mapToLong(entry -> entry.getValue().size())
              .sum();
      StageCost cost = cost(stage, student, teachers);
      assertEquals(4 * 4 * learning, cost.learningBytes());
      assertEquals(2 * 4 * learning, cost.stateBytes());
    }
  }

  /** Of the feed that keeps most: 24 numbers a token, channel and layer. */
  @Test
  void activationsAreThoseOfTheLargestPass() {
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      Student student = TinyModels.student(manager, 1);
      Map<String, VisionModel> teachers = TinyModels.teachers(manager, 2).models();
      double tokens = 8 * 16; // as many at 64 px
      double layer = student.backbone().operations(32) / 2;
      double backbone = tokens * 16 * 2 * 24;
      double at32 = backbone + tokens * 16 * 24 * student.head("clip_head").operations(32) / layer;
      double at64 =
          backbone
              + tokens
                  * 16
                  * 24
                  * student.head("clip_head").operations(64)
                  / (student.backbone().operations(64) / 2);
      // 2 images of 16 tokens, 3 prompts, a decoder of 8 channels and 2 layers and its upscaling.
      double ofMasks = 2 * 16 * 16 * 2 * 24 + 3 * 2 * 16 * 8 * 3 * 24;
      double most = Math.max(ofMasks, Math.max(at32, at64));
      assertEquals(
          4 * most, cost(stage(true, false, false), student, teachers).activationBytes(), 4);
      double frozen = Math.max(3 * 2 * 16 * 8 * 3 * 24, most - backbone);
      assertEquals(
          4 * frozen, cost(stage(false, false, false), student, teachers).activationBytes(), 4);
    }
  }

  /** A teacher of mosaics is asked once for four images. */
  @Test
  void mosaicsAreAQuarterOfTheImages() {
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      Student student = TinyModels.student(manager, 1);
      Map<String, VisionModel> teachers = TinyModels.teachers(manager, 2).models();
      double single = of("own", student, teachers);
      double mosaic = of("mosaic", student, teachers);
      assertEquals(.75 * 8 * teachers.get("clip").operations(16), single - mosaic, 1e-9 * single);
    }
  }

  private static double of(String side, Student student, Map<String, VisionModel> teachers) {
    FeedSpec feed =
        new FeedBuilder(8, 32)
            .objective("patches", "clip_head.spatial", "clip.spatial")
            .sides(Map.of("clip", side))
            .build();
    return cost(alone(feed, false), student, teachers).operations(1, name -> 1);
  }

  private static StageSpec alone(FeedSpec feed, boolean cached) {
    StageSpec like = stage(true, false, false);
    return new StageSpec(
        like.name(),
        like.start(),
        like.duration(),
        null,
        Map.of("crops", feed),
        like.optimizer(),
        like.groups(),
        null,
        null,
        cached,
        false);
  }

  /** A feed that reads a quarter of its data leaves a quarter of the rows. */
  @Test
  void rowsAreThoseOfTheFeedsShare() {
    try (NDManager manager = LibTorch.newManager(Device.cpu())) {
      Student student = TinyModels.student(manager, 1);
      Map<String, VisionModel> teachers = TinyModels.teachers(manager, 2).models();
      FeedSpec feed =
          new FeedBuilder(8, 32)
              .views(1)
              .subset(.25)
              .objective("clip", "clip_head", "clip.summary")
              .build();
      StageCost cost = cost(alone(feed, true), student, teachers);
      assertEquals(2 * 6 * 100, cost.cacheBytes(1000, name -> 400));
    }
  }
}
