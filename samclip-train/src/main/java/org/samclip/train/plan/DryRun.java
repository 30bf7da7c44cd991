package org.samclip.train.plan;

import ai.djl.Device;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.samclip.UserError;
import org.samclip.checkpoint.TensorType;
import org.samclip.data.replay.Selection.Side;
import org.samclip.kernel.LibTorch;
import org.samclip.model.VisionModel;
import org.samclip.nn.Module;
import org.samclip.student.Student;
import org.samclip.train.feed.DataFiles;
import org.samclip.train.objective.ObjectiveCheck;
import org.samclip.train.recipe.DataSpec.ScenesSpec;
import org.samclip.train.recipe.ParameterTable;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.RecipeSummary;
import org.samclip.train.recipe.StageSpec;
import org.samclip.train.stage.BlendPhase;
import org.samclip.train.stage.Phase;
import org.samclip.train.stage.StageLength;
import org.samclip.train.stage.StageRunner;
import org.samclip.train.stage.TrainPhase;
import org.samclip.train.student.StudentBuilder;
import org.samclip.train.teacher.Teachers;

/**
 * What a run would do and take: stages, parameters, steps, and estimates of memory, disk and time.
 * Nothing is written, and neither data nor the teachers' files need be there; of the files only
 * sizes are read, and without them all that depends on them is left out.
 */
public final class DryRun {

  /**
   * Of the rate of large products, what training with all its small operations reaches: about so
   * much in the quickstart's stages on 2 cores.
   */
  private static final double EFFICIENCY = .5;

  /** A scene as JPEG or PNG, bytes a pixel. */
  private static final double SCENE_BYTES = .9;

  private final Recipe recipe;
  private final DataFiles data;
  private final StageLength length;
  private final StringBuilder text = new StringBuilder();

  /**
   * @param recipe to look at
   */
  public DryRun(Recipe recipe) {
    this.recipe = recipe;
    this.data = new DataFiles(recipe.data(), Path.of("quarantine.tsv"), null);
    this.length = new StageLength(data, recipe.maxSteps());
  }

  /**
   * @return several lines, each ended
   * @throws UserError if the groups of a stage do not fit the model
   */
  public String text() {
    text.append(RecipeSummary.text(recipe));
    List<Phase> phases = Phase.of(recipe);
    List<String> missing = Teachers.missing(recipe.teachers());
    if (!missing.isEmpty()) {
      withoutTeachers(missing, phases);
      return text.toString();
    }
    Teachers teachers = Teachers.sized(recipe.teachers());
    Map<String, VisionModel> models = teachers.models();
    long kept = parameters(new StudentBuilder(recipe.student(), teachers).model().modules());
    long asked = models.values().stream().mapToLong(model -> parameters(model.modules())).sum();
    long learning = 0;
    long activations = 0;
    HeapNeed heap = new HeapNeed(0, 0);
    long state = 0;
    long cache = 0;
    double operations = 0;
    boolean oneDnn = recipe.device().equals("cpu") && !recipe.isBf16();
    String unknown = null;
    for (Phase phase : phases) {
      Student student = new StudentBuilder(phase.student(), teachers).sized();
      ObjectiveCheck check = new ObjectiveCheck(student, models);
      check.require(recipe.evaluation());
      if (phase instanceof BlendPhase blend) {
        blend(blend, student);
        continue;
      }
      StageSpec stage = ((TrainPhase) phase).stage();
      check.require(phase.key(), stage);
      ParameterTable table = StageRunner.table(stage, student);
      StageCost cost = new StageCost(stage, student, models, table, oneDnn);
      line("");
      line("%s, parameters of stage %s:", phase.row(), stage.name());
      text.append(table.text());
      learning = Math.max(learning, cost.learningBytes());
      activations = Math.max(activations, cost.activationBytes());
      heap = heap.or(HeapNeed.of(stage, student, models, recipe.data()));
      state = Math.max(state, cost.stateBytes());
      try {
        long steps = length.steps(stage);
        ToLongFunction<String> images = name -> data.count(name, Side.TRAIN);
        double own = cost.operations(steps, images);
        operations += own;
        cache += cost.cacheBytes(steps, images);
        line("%,d steps, about %s operations", steps, power(own));
      } catch (UserError e) {
        unknown = e.getMessage();
        double own = cost.operations(1, name -> 1);
        line("%s, about %s operations a step", stage.duration(), power(own));
      }
    }
    deviceMemory(kept, asked, learning, activations);
    heapMemory(heap);
    disk(phases.size(), kept, state, Math.min(cache, recipe.cache().maxBytes()));
    time(operations, unknown);
    return text.toString();
  }

  /** What can be told of a recipe whose teachers are elsewhere: neither widths nor parameters. */
  private void withoutTeachers(List<String> missing, List<Phase> phases) {
    line("");
    line("of the teachers these files are not here:");
    missing.forEach(file -> line("  %s", file));
    line(
        "without them it cannot be told whether heads, objectives and groups fit, nor parameters,");
    line("memory, disk and time. Everything above is checked.");
    for (Phase phase : phases) {
      line("%s: %s", phase.row(), phase instanceof TrainPhase train ? steps(train) : "blended");
    }
  }

  private String steps(TrainPhase phase) {
    try {
      return String.format(Locale.ROOT, "%,d steps", length.steps(phase));
    } catch (UserError e) {
      return phase.stage().duration() + ", steps unknown: " + e.getMessage();
    }
  }

  private void blend(BlendPhase phase, Student student) {
    line("");
    line(
        "%s, blended in %d of %d tensors, without a step",
        phase.row(), phase.tensors(student).size(), student.getParameters().size());
  }

  private void deviceMemory(long kept, long teachers, long learning, long activations) {
    long parameters = (kept + teachers) * Float.BYTES;
    line("");
    line(
        "device memory about %s, on %s: parameters %s, gradients and moments %s, activations %s",
        bytes(parameters + learning + activations),
        recipe.device(),
        bytes(parameters),
        bytes(learning),
        bytes(activations));
    line("  (from sizes alone, and right to a factor of two; libtorch itself comes on top)");
  }

  private void heapMemory(HeapNeed need) {
    line(
        "Java heap about %s: batches %s, images decoded ahead up to %s; this Java may take %s",
        bytes(need.bytes()),
        bytes(need.batches()),
        bytes(need.decoded()),
        bytes(Runtime.getRuntime().maxMemory()));
    line("  (more with SAMCLIP_JAVA_OPTS=-Xmx8g; on a CPU both kinds of memory are the machine's)");
  }

  private void disk(int models, long kept, long state, long cache) {
    long model = kept * TensorType.F32.bytes();
    // The next checkpoint is complete before the oldest goes.
    long checkpoints = (recipe.checkpoint().keep() + 1) * (model + state);
    ScenesSpec s = recipe.data().scenes();
    double images = s == null ? 0 : s.images() + s.masks() + 1.25 * s.crops() + 2. * s.scenes();
    long scenes = s == null ? 0 : (long) (images * s.size() * s.size() * SCENE_BYTES);
    line(
        "disk about %s: checkpoints %s, %d models %s, scenes %s, cached features %s",
        bytes(checkpoints + models * model + scenes + cache),
        bytes(checkpoints),
        models,
        bytes(models * model),
        bytes(scenes),
        bytes(cache));
  }

  private void time(double operations, String unknown) {
    if (unknown != null) {
      line("steps and time unknown, as epochs cannot be counted: %s", unknown);
      return;
    }
    String where = "on " + recipe.device();
    Device device;
    try {
      device = LibTorch.device(recipe.device());
    } catch (UserError e) {
      device = Device.cpu();
      where = "on this machine's CPU, as " + recipe.device() + " is not here";
    }
    double rate = MatmulRate.measure(device);
    line(
        "time of training very roughly %s %s: %s operations at %.0f %% of %.0f GFLOP/s, measured now;",
        seconds(operations / rate / EFFICIENCY),
        where,
        power(operations),
        EFFICIENCY * 100,
        rate / 1e9);
    line("  making scenes, waiting for data and measuring the models come on top");
  }

  private static long parameters(Map<String, Module> modules) {
    return modules.values().stream().mapToLong(Module::parameterCount).sum();
  }

  private void line(String form, Object... values) {
    text.append(String.format(Locale.ROOT, form, values)).append('\n');
  }

  private static String power(double operations) {
    return String.format(Locale.ROOT, "%.1e", operations);
  }

  private static String bytes(long bytes) {
    return bytes < 1_000_000_000
        ? String.format(Locale.ROOT, "%.0f MB", Math.ceil(bytes / 1e6))
        : String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
  }

  private static String seconds(double seconds) {
    if (seconds < 120) {
      return String.format(Locale.ROOT, "%.0f s", Math.ceil(seconds));
    }
    return seconds < 7200
        ? String.format(Locale.ROOT, "%.0f min", seconds / 60)
        : String.format(Locale.ROOT, "%,.0f h", seconds / 3600);
  }
}
