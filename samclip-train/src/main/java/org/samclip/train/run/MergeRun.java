package org.samclip.train.run;

import ai.djl.ndarray.NDManager;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.samclip.UserError;
import org.samclip.checkpoint.TensorType;
import org.samclip.data.cache.CacheFolder;
import org.samclip.data.scenes.SceneProgress;
import org.samclip.eval.adapter.ImageTextAdapter;
import org.samclip.eval.adapter.PromptedMaskAdapter;
import org.samclip.eval.adapter.TwoHeadAdapter;
import org.samclip.eval.picture.Panels;
import org.samclip.kernel.Autocast;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ModelFile;
import org.samclip.model.SamClipModel;
import org.samclip.train.feed.DataFiles;
import org.samclip.train.objective.Distillations;
import org.samclip.train.recipe.EvaluationSpec;
import org.samclip.train.recipe.EvaluationSpec.SetsSpec;
import org.samclip.train.recipe.EvaluationSpec.Split;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.report.Curves;
import org.samclip.train.report.MetricsLog;
import org.samclip.train.report.ProcessMemory;
import org.samclip.train.report.ResultsTable;
import org.samclip.train.report.RunResults;
import org.samclip.train.stage.Interruption;
import org.samclip.train.stage.Phase;
import org.samclip.train.stage.StageLength;
import org.samclip.train.stage.StageRunner;
import org.samclip.train.stage.StepListener;
import org.samclip.train.stage.Trainer;
import org.samclip.train.stage.Validation;
import org.samclip.train.store.CheckpointStore;
import org.samclip.train.store.Progress;
import org.samclip.train.store.RunFolder;
import org.samclip.train.teacher.Teachers;

/**
 * A whole run: data, teachers, the stages and baselines one after the other, each measured on
 * held-out data, the table and the pictures.
 */
public final class MergeRun {

  private static final String SAM_TEACHER = "sam-teacher";
  private static final String CLIP_TEACHER = "clip-teacher";
  private static final int NAMES_SHOWN = 8;

  private final Recipe recipe;
  private final RunFolder folder;
  private final Listener listener;
  private final DataFiles data;
  private final StageLength length;
  private final CheckpointStore store;
  private final Supplier<Interruption> interruptions;
  private Map<String, String> licences = Map.of();

  /** Hears what a run does. */
  public interface Listener extends StepListener, SceneProgress {

    /**
     * @param line what begins now
     */
    void onMessage(String line);
  }

  /**
   * @param recipe what to do
   * @param folder where it goes
   * @param listener hears of it
   */
  public MergeRun(Recipe recipe, RunFolder folder, Listener listener) {
    this(recipe, folder, listener, Interruption::ofProcess);
  }

  /**
   * @param recipe what to do
   * @param folder where it goes
   * @param listener hears of it
   * @param interruptions gives what may stop a stage, and is closed after it
   */
  public MergeRun(
      Recipe recipe, RunFolder folder, Listener listener, Supplier<Interruption> interruptions) {
    this.recipe = recipe;
    this.folder = folder;
    this.listener = listener;
    this.data = new DataFiles(recipe.data(), folder.quarantine(), folder.root());
    this.length = new StageLength(data, recipe.maxSteps());
    this.store = new CheckpointStore(folder.checkpoints(), recipe.checkpoint().keep());
    this.interruptions = interruptions;
  }

  /**
   * @param terms licence or terms of what goes in, by its name; for the models' provenance
   * @return this
   */
  public MergeRun optLicences(Map<String, String> terms) {
    licences = Map.copyOf(terms);
    return this;
  }

  /**
   * Runs from the beginning, or from where an earlier run stopped.
   *
   * @return the table, or nothing if the run was interrupted and can be resumed
   * @throws UserError if something is not as the recipe says; everything that can be looked at is
   *     looked at before anything is written
   */
  public Optional<ResultsTable> run() {
    RunResults rows = results();
    if (finished(rows)) {
      return Optional.of(rows.table());
    }
    try (NDManager manager = LibTorch.newManager(LibTorch.device(recipe.device()))) {
      data.requirePresent();
      Teachers teachers = Teachers.load(recipe.teachers(), manager);
      Students students = new Students(recipe, teachers, data, licences);
      students.requireFit();
      data.prepare(listener);
      SetsSpec sets = data.sets(recipe.evaluation(), recipe.evaluation().split());
      Evaluation evaluation =
          new Evaluation(recipe.evaluation(), sets, recipe.data().maxPixels(), teachers);
      folder.begin(recipe);
      tellMissing(sets);
      if (!rows.has(SAM_TEACHER) || !rows.has(CLIP_TEACHER)) {
        listener.onMessage("measuring the teachers");
        rows.put(SAM_TEACHER, evaluation.samTeacher());
        rows.put(CLIP_TEACHER, evaluation.clipTeacher());
      }
      if (!phases(teachers, students, evaluation, rows, manager)) {
        return Optional.empty();
      }
      Curves.write(folder.metrics(), folder.curves());
      draw(teachers, evaluation, manager);
      if (recipe.cache().dir() == null) {
        CacheFolder.delete(folder.cache());
      }
      return Optional.of(rows.table());
    }
  }

  /** Teachers first, then what is to be beaten, then the stages. */
  private RunResults results() {
    List<String> first = new ArrayList<>(List.of(SAM_TEACHER, CLIP_TEACHER));
    recipe.baselines().forEach(baseline -> first.add(baseline.name()));
    return new RunResults(recipe, folder.results(), folder.scores(), first);
  }

  private boolean finished(RunResults rows) {
    boolean measured = rows.has(SAM_TEACHER) && rows.has(CLIP_TEACHER);
    for (Phase phase : Phase.of(recipe)) {
      measured &=
          Files.exists(folder.model(phase.row())) && (!phase.inTable() || rows.has(phase.row()));
    }
    boolean pictures =
        recipe.evaluation().panels() > 0
            && data.sets(recipe.evaluation(), recipe.evaluation().split()).semantic() != null;
    return measured && (!pictures || Files.exists(folder.panels()));
  }

  private void tellMissing(SetsSpec sets) {
    List<String> missing = new ArrayList<>();
    if (sets.instances() == null) {
      missing.add("instances");
    }
    if (sets.classes() == null) {
      missing.add("classes");
    }
    if (sets.semantic() == null) {
      missing.add("semantic");
    }
    if (!missing.isEmpty()) {
      listener.onMessage(
          "evaluation.data names no "
              + String.join(", ", missing)
              + ": what needs them stays empty in the table");
    }
  }

  private ImageTextAdapter clipTeacher(Teachers teachers) {
    return new ImageTextAdapter(teachers.clip().withDense(recipe.evaluation().teacherDense()));
  }

  /** Pictures of the model after the last stage beside the teachers. */
  private void draw(Teachers teachers, Evaluation evaluation, NDManager manager) {
    int count = recipe.evaluation().panels();
    if (count == 0 || evaluation.semanticSet() == null || Files.exists(folder.panels())) {
      return;
    }
    listener.onMessage("drawing " + count + " panels");
    // A folder of that name is complete, so that a resumed run draws what a killed one did not.
    Path aside = folder.root().resolve("panels.part");
    try (NDManager own = manager.newSubManager()) {
      Path last = folder.model("stage" + recipe.stages().size());
      SamClipModel model = ModelFile.read(SamClipModel.class, last, own);
      new Panels(
              new TwoHeadAdapter(model),
              Optional.of(new PromptedMaskAdapter(teachers.sam())),
              Optional.of(clipTeacher(teachers)),
              evaluation.semantic(),
              evaluation.composition())
          .write(aside, evaluation.semanticSet(), count);
    }
    try {
      Files.move(aside, folder.panels(), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new UserError("cannot rename " + aside + " to " + folder.panels() + ": " + e, e);
    }
  }

  private boolean phases(
      Teachers teachers,
      Students students,
      Evaluation evaluation,
      RunResults rows,
      NDManager manager) {
    Progress resumed = store.latest();
    // One for all phases: the teachers answer for its looks once.
    Validation validation =
        new Validation(new Distillations(recipe, teachers, data), skills(teachers));
    long updates = 0;
    try (MetricsLog log = MetricsLog.open(folder.metrics(), updatesDone(resumed));
        MetricsLog timings = MetricsLog.open(folder.timings(), updatesDone(resumed))) {
      for (Phase phase : Phase.of(recipe)) {
        boolean done = Files.exists(folder.model(phase.row()));
        boolean measured = !phase.inTable() || rows.has(phase.row());
        long before = updates;
        updates += length.steps(phase.stage());
        if (done && measured) {
          continue;
        }
        boolean here = !done && resumed != null && resumed.phase().equals(phase.row());
        Progress from = here ? resumed : null;
        try (NDManager own = manager.newSubManager()) {
          SamClipModel model = start(phase, done, from, students, own);
          if (!done) {
            listener.onMessage(StageRunner.table(phase.stage(), model.model()).text().strip());
          }
          if (!done && !train(phase, model, from, before, validation, own, log, timings)) {
            return false;
          }
          if (!measured) {
            listener.onMessage("measuring " + phase.row());
            TwoHeadAdapter adapter = new TwoHeadAdapter(model);
            rows.put(phase.row(), evaluation.student(adapter));
          }
        }
      }
    }
    return true;
  }

  private boolean train(
      Phase phase,
      SamClipModel model,
      Progress from,
      long before,
      Validation validation,
      NDManager own,
      MetricsLog log,
      MetricsLog timings) {
    try (Interruption interruption = interruptions.get();
        Autocast precision = recipe.isBf16() ? Autocast.bf16() : Autocast.float32()) {
      StageRunner runner = new StageRunner(validation, length, folder, store, interruption);
      boolean ended =
          runner.run(phase, model, own, from, before, logged(log, timings, phase, before));
      if (ended) {
        ModelFile.write(folder.model(phase.row()), model, TensorType.F32);
        store.removeBest(null);
      }
      if (interruption.requested()) {
        // Said before the process may end.
        listener.onMessage(
            "stopped: " + store.latest().updates() + " updates are saved; continue with --resume");
      }
      return ended && !interruption.requested();
    }
  }

  /** The columns that a look at a model in training measures, always on the validation's sets. */
  private Validation.Skills skills(Teachers teachers) {
    SetsSpec sets = data.sets(recipe.evaluation(), Split.VALIDATION);
    Map<Integer, Evaluation> looks = new HashMap<>();
    return (model, images) -> {
      Evaluation look =
          looks.computeIfAbsent(
              images,
              n -> {
                EvaluationSpec spec = recipe.evaluation().look(n);
                return new Evaluation(spec, sets, recipe.data().maxPixels(), teachers);
              });
      Map<String, Double> values = new LinkedHashMap<>();
      look.eachHead(new TwoHeadAdapter(model))
          .forEach((name, scores) -> values.put(name, scores.value()));
      values.values().removeIf(value -> value.isNaN());
      return values;
    };
  }

  /** Steps that the log holds rightly: those of finished phases and of the newest checkpoint. */
  private long updatesDone(Progress resumed) {
    long finished = 0;
    for (Phase phase : Phase.of(recipe)) {
      if (!Files.exists(folder.model(phase.row()))) {
        break;
      }
      finished += length.steps(phase.stage());
    }
    return Math.max(resumed == null ? 0 : resumed.updates(), finished);
  }

  /** What a seed decides goes to one log, what the machine adds to another. */
  private StepListener logged(MetricsLog log, MetricsLog timings, Phase phase, long before) {
    return new StepListener() {
      @Override
      public void onStage(String stage, long step, long end) {
        listener.onStage(stage, step, end);
      }

      @Override
      public void onStep(String stage, long step, long end, Trainer.Step result, SoFar soFar) {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("phase", stage);
        line.put("stage", phase.stage().name());
        line.put("stage_step", step + 1);
        line.putAll(result.losses());
        Trainer.Gradients gradients = result.gradients();
        line.put("gradient_norm", gradients.norm());
        line.put("clipped", gradients.clipped());
        gradients.norms().forEach((source, norm) -> line.put("gradient_norm_" + source, norm));
        if (Double.isFinite(gradients.cosine())) {
          line.put("gradient_cosine", gradients.cosine());
        }
        line.put("lr_factor", result.lrFactor());
        line.put("images", result.images());
        result.samples().forEach((name, count) -> line.put("samples_" + name, count));
        soFar.validation().forEach((name, value) -> line.put("val_" + name, value));
        log.write(before + step + 1, line);
        Map<String, Object> timing = new LinkedHashMap<>();
        timing.put("phase", stage);
        timing.put("seconds", result.seconds());
        timing.put("data_wait_seconds", result.waitedSeconds());
        timing.put("memory_mb", ProcessMemory.megabytes());
        timings.write(before + step + 1, timing);
        listener.onStep(stage, step, end, result, soFar);
      }

      @Override
      public void onStageEnd(String stage, List<String> untouched) {
        if (!untouched.isEmpty()) {
          listener.onMessage(
              stage + ": no loss reached " + inShort(untouched) + "; they are what they were");
        }
      }
    };
  }

  private static String inShort(List<String> names) {
    int shown = Math.min(NAMES_SHOWN, names.size());
    String list = String.join(", ", names.subList(0, shown));
    return names.size() > shown ? list + " and " + (names.size() - shown) + " more" : list;
  }

  private SamClipModel start(
      Phase phase, boolean done, Progress from, Students students, NDManager own) {
    if (done) {
      return ModelFile.read(SamClipModel.class, folder.model(phase.row()), own);
    }
    if (from != null) {
      return store.model(own);
    }
    return phase.start() == null
        ? students.base(own, phase.model())
        : ModelFile.read(SamClipModel.class, folder.model(phase.start()), own);
  }
}
