package org.samclip.train.plan;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.clip.Clip;
import org.samclip.data.replay.ReplayStream;
import org.samclip.kernel.LibTorch;
import org.samclip.model.SamClip;
import org.samclip.train.InMemorySource;
import org.samclip.train.OwnProcess;
import org.samclip.train.TinyModels;
import org.samclip.train.feed.ClipBatches;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.MicroBatch;
import org.samclip.train.feed.SamBatches;
import org.samclip.train.feed.Span;
import org.samclip.train.objective.ClipDistillation;
import org.samclip.train.objective.Objective;
import org.samclip.train.objective.Passes;
import org.samclip.train.objective.SamDistillation;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.CosineSchedule;
import org.samclip.train.optim.Optimizers;
import org.samclip.train.recipe.ParameterTable;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.RecipeReader;
import org.samclip.train.recipe.SourcesSpec;
import org.samclip.train.recipe.StageSpec;
import org.samclip.train.stage.StageRunner;
import org.samclip.train.stage.Trainer;
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
        "0 stages.1.sources.clip={batch_size: 24, resolutions: [128], base_resolution: 128, views: 1}",
        "1 stages.2.sources.clip={batch_size: 24, resolutions: [128], base_resolution: 128, views: 1}",
        "1 stages.2.sources.sam={batch_size: 20, resolution: 128, masks_per_image: 4}"
      })
  void memoryIsRightToAFactorOfTwo(String arguments, @TempDir Path folder) throws Exception {
    // The heap is there before anything is measured.
    List<String> options = List.of("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch");
    String line = OwnProcess.lastLine(folder, options, Probe.class, arguments.split(" ", 2));
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
        SamClip student =
            new SamClip(recipe.model().config(teachers.clip().clip().config().embedDim()));
        student.initialize(manager, 1);
        ParameterTable table = StageRunner.table(stage, student);
        AdamW optimizer = Optimizers.of(stage.optimizer(), table, student.arrays(), manager);
        List<Objective> objectives = objectives(stage, student, teachers, manager);
        Trainer trainer = new Trainer(objectives, optimizer, new CosineSchedule(0, 9, 0), 1);
        trainer.step(0);
        objectives.forEach(Objective::close);
        long parameters =
            student.parameterCount()
                + teachers.sam().sam().parameterCount()
                + teachers.clip().clip().parameterCount();
        StageCost cost =
            new StageCost(stage, student.config(), teachers.clip().clip().config(), table, true);
        long estimate = 4 * parameters + cost.learningBytes() + cost.activationBytes();
        System.out.println(estimate + " " + (status("VmHWM") - before));
      }
    }

    private static void warmUp(NDManager manager) {
      TinyModels.samClip(manager, 1);
    }

    private static List<Objective> objectives(
        StageSpec stage, SamClip student, Teachers teachers, NDManager manager) {
      List<Objective> objectives = new ArrayList<>();
      SourcesSpec sources = stage.sources();
      Span span = new Span(0, 2);
      if (sources.clip() != null) {
        Clip teacher = teachers.clip().clip();
        ReplayStream stream = stream();
        MicroBatch micro = new MicroBatch(0, sources.clip().baseResolution());
        objectives.add(
            new ClipDistillation(
                student,
                teacher,
                new Feed<>(
                    stream,
                    ClipBatches.of(
                        sources.clip(), stream, teacher.config().vision().imageSide(), 1),
                    span),
                new Passes(manager, micro, false, Optional.empty()),
                1));
      }
      if (sources.sam() != null) {
        ReplayStream stream = stream();
        MicroBatch micro = new MicroBatch(0, sources.sam().resolution());
        objectives.add(
            new SamDistillation(
                student,
                teachers.sam().sam(),
                new Feed<>(stream, SamBatches.of(sources.sam(), stream, false, 1), span),
                new Passes(manager, micro, false, Optional.empty()),
                stage.losses().sam(),
                1));
      }
      return objectives;
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
}
