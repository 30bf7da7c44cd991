package org.samclip.train.plan;

import ai.djl.Device;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.samclip.UserError;
import org.samclip.checkpoint.TensorType;
import org.samclip.clip.Clip;
import org.samclip.clip.ClipConfig;
import org.samclip.clip.TextTower;
import org.samclip.kernel.LibTorch;
import org.samclip.model.SamClip;
import org.samclip.train.feed.DataFiles;
import org.samclip.train.recipe.DataSpec.ScenesSpec;
import org.samclip.train.recipe.ParameterTable;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.RecipeSummary;
import org.samclip.train.recipe.SourcesSpec;
import org.samclip.train.recipe.TeachersSpec.ClipTeacherSpec;
import org.samclip.train.stage.Phase;
import org.samclip.train.stage.StageLength;
import org.samclip.train.stage.StageRunner;
import org.samclip.train.teacher.Teachers;

/**
 * What a run would do and take: stages, parameters, steps, and estimates of memory, disk and time.
 * Nothing is written, and neither weights nor data need be there; what cannot be known is said.
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

  /** The CLIP teacher's sizes, and where they are known from. */
  private record ClipSizes(ClipConfig config, String source) {}

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
    ClipSizes clip = clipSizes();
    SamClip student = new SamClip(recipe.model().config(clip.config.embedDim()));
    long kept = student.parameterCount() + new TextTower(clip.config).parameterCount();
    long teachers = teacherParameters(student, clip.config);
    line("");
    line("CLIP teacher: embeddings of %d numbers, %s", clip.config.embedDim(), clip.source);
    List<Phase> phases = Phase.of(recipe);
    long learning = 0;
    long activations = 0;
    HeapNeed heap = new HeapNeed(0, 0);
    long state = 0;
    long cache = 0;
    double operations = 0;
    boolean oneDnn = recipe.device().equals("cpu") && !recipe.isBf16();
    String unknown = null;
    for (Phase phase : phases) {
      SamClip trained = new SamClip(phase.model().config(clip.config.embedDim()));
      ParameterTable table = StageRunner.table(phase.stage(), trained);
      StageCost cost = new StageCost(phase.stage(), trained.config(), clip.config, table, oneDnn);
      line("");
      line("%s, parameters of stage %s:", phase.row(), phase.stage().name());
      text.append(table.text());
      learning = Math.max(learning, cost.learningBytes());
      activations = Math.max(activations, cost.activationBytes());
      int teacherSide = clip.config.vision().imageSide();
      heap = heap.or(HeapNeed.of(phase.stage(), teacherSide, recipe.data()));
      state = Math.max(state, cost.stateBytes());
      try {
        long steps = length.steps(phase.stage());
        boolean counted = phase.stage().cacheFeatures();
        SourcesSpec sources = phase.stage().sources();
        long clipImages = counted && sources.clip() != null ? data.clipCount() : 0;
        long samImages = counted && sources.sam() != null ? data.samCount() : 0;
        double own = cost.operations(steps, clipImages, samImages);
        operations += own;
        cache += cost.cacheBytes(steps, clipImages, samImages);
        line("%,d steps, about %s operations", steps, power(own));
      } catch (UserError e) {
        unknown = e.getMessage();
        double own = cost.operations(1, 1, 1);
        line("%s, about %s operations a step", phase.stage().duration(), power(own));
      }
    }
    deviceMemory(kept, teachers, learning, activations);
    heapMemory(heap);
    disk(phases.size(), kept, state, Math.min(cache, recipe.cache().maxBytes()));
    time(operations, unknown);
    return text.toString();
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
    double images = s == null ? 0 : s.clip() + s.sam() + 1.25 * s.crops() + 2. * s.scenes();
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

  private static long teacherParameters(SamClip student, ClipConfig clip) {
    long head =
        student.getParameters().stream()
            .filter(pair -> pair.getKey().startsWith("clip_head."))
            .mapToLong(pair -> pair.getValue().getShape().size())
            .sum();
    return student.parameterCount() - head + new Clip(clip).parameterCount();
  }

  private ClipSizes clipSizes() {
    ClipTeacherSpec spec = recipe.teachers().clip();
    try {
      return new ClipSizes(Teachers.clipConfig(recipe.teachers()), "as its file says");
    } catch (UserError e) {
      ClipConfig paper =
          new ClipConfig(
              768,
              false,
              new ClipConfig.Vision(224, 14, 1024, 24, 16, 4),
              new ClipConfig.Text(77, 49408, 768, 12, 12, 4));
      String source =
          "those of the paper's ViT-L/14, as " + spec.weights() + " does not tell its own";
      return new ClipSizes(paper, source);
    }
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
