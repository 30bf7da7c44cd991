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
import org.samclip.eval.protocol.DataKind;
import org.samclip.eval.protocol.Metric;
import org.samclip.kernel.Autocast;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ModelFile;
import org.samclip.student.MergedModel;
import org.samclip.train.feed.DataFiles;
import org.samclip.train.objective.Feeds;
import org.samclip.train.rank.Ranks;
import org.samclip.train.rank.SingleRank;
import org.samclip.train.recipe.EvaluationSpec.SetsSpec;
import org.samclip.train.recipe.EvaluationSpec.Split;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.report.Column;
import org.samclip.train.report.Curves;
import org.samclip.train.report.MetricsLog;
import org.samclip.train.report.ProcessMemory;
import org.samclip.train.report.ResultsTable;
import org.samclip.train.report.RunResults;
import org.samclip.train.stage.BlendPhase;
import org.samclip.train.stage.Interruption;
import org.samclip.train.stage.Phase;
import org.samclip.train.stage.StageLength;
import org.samclip.train.stage.StageRunner;
import org.samclip.train.stage.StepListener;
import org.samclip.train.stage.TrainPhase;
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

  private static final int NAMES_SHOWN = 8;

  private final Recipe recipe;
  private final RunFolder folder;
  private final Listener listener;
  private final DataFiles data;
  private final StageLength length;
  private final CheckpointStore store;
  private final Supplier<Interruption> interruptions;
  private final Ranks ranks;
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
    this(recipe, folder, listener, Interruption::ofProcess, SingleRank.ONLY);
  }

  /**
   * @param recipe what to do
   * @param folder where it goes
   * @param listener hears of it
   * @param interruptions gives what may stop a stage, and is closed after it
   * @param ranks who do it together, all with the same folder; the first of them writes
   */
  public MergeRun(
      Recipe recipe,
      RunFolder folder,
      Listener listener,
      Supplier<Interruption> interruptions,
      Ranks ranks) {
    this.recipe = recipe;
    this.folder = folder;
    this.listener = listener;
    this.data =
        ranks.writes()
            ? new DataFiles(recipe.data(), folder.quarantine(), folder.root())
            : new DataFiles(recipe.data(), null, null);
    this.length = new StageLength(data, recipe.maxSteps());
    this.store = new CheckpointStore(folder.checkpoints(), recipe.checkpoint().keep());
    this.interruptions = interruptions;
    this.ranks = ranks;
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
      LicenceCheck.problems(recipe.licence(), students.terms()).forEach(listener::onMessage);
      // All have looked at the folder before anything in it changes.
      ranks.meet();
      if (ranks.writes()) {
        data.prepare(listener);
      }
      ranks.meet();
      SetsSpec sets = data.sets(recipe.evaluation(), recipe.evaluation().split());
      Evaluation evaluation =
          new Evaluation(recipe.evaluation(), sets, recipe.data().maxPixels(), teachers.models());
      tellMissing(evaluation);
      if (ranks.writes()) {
        folder.begin(recipe);
        teachers(evaluation, rows);
      }
      if (!phases(teachers, students, evaluation, rows, manager)) {
        return Optional.empty();
      }
      if (recipe.cache().dir() == null) {
        CacheFolder.delete(ranks.own(folder.cache()));
      }
      ranks.meet();
      if (!ranks.writes()) {
        return Optional.of(results().table());
      }
      Curves.write(folder.metrics(), folder.curves());
      draw(evaluation, manager);
      if (recipe.cache().dir() == null) {
        CacheFolder.delete(folder.cache()); // what is left is the folder of all ranks' folders
      }
      return Optional.of(rows.table());
    }
  }

  private void teachers(Evaluation evaluation, RunResults rows) {
    for (String teacher : recipe.evaluation().teachers()) {
      if (!rows.has(Column.teacherRow(teacher))) {
        listener.onMessage("measuring the teacher " + teacher);
        rows.put(Column.teacherRow(teacher), evaluation.teacher(teacher));
      }
    }
  }

  /** Teachers first, then what is to be beaten, then the stages. */
  private RunResults results() {
    List<String> first = new ArrayList<>();
    recipe.evaluation().teachers().forEach(name -> first.add(Column.teacherRow(name)));
    recipe.baselines().forEach(baseline -> first.add(baseline.name()));
    return new RunResults(recipe, folder.results(), folder.scores(), first);
  }

  private boolean finished(RunResults rows) {
    boolean measured =
        recipe.evaluation().teachers().stream().map(Column::teacherRow).allMatch(rows::has);
    for (Phase phase : Phase.of(recipe)) {
      measured &=
          Files.exists(folder.model(phase.row())) && (!phase.inTable() || rows.has(phase.row()));
    }
    return measured && (!draws() || Files.exists(folder.panels()));
  }

  /** Whether there will be pictures: known before any set is read. */
  private boolean draws() {
    SetsSpec sets = data.sets(recipe.evaluation(), recipe.evaluation().split());
    return recipe.evaluation().panels() > 0
        && sets.semantic() != null
        && recipe.evaluation().hasPictures();
  }

  private void tellMissing(Evaluation evaluation) {
    if (recipe.evaluation().protocols().entries().isEmpty()) {
      listener.onMessage("evaluation.protocols names none: nothing is measured");
    }
    List<String> missing = evaluation.missing().stream().map(DataKind::key).toList();
    if (!missing.isEmpty()) {
      listener.onMessage(
          "evaluation.data names no "
              + String.join(", ", missing)
              + ": what needs them stays empty in the table");
    }
  }

  /** Pictures of the model after the last stage beside the teachers. */
  private void draw(Evaluation evaluation, NDManager manager) {
    int count = recipe.evaluation().panels();
    if (!draws() || Files.exists(folder.panels())) {
      return;
    }
    listener.onMessage("drawing " + count + " panels");
    // A folder of that name is complete, so that a resumed run draws what a killed one did not.
    Path aside = folder.root().resolve("panels.part");
    try (NDManager own = manager.newSubManager()) {
      Path last = folder.model("stage" + recipe.stages().size());
      MergedModel model = ModelFile.read(MergedModel.class, last, own);
      evaluation.panels(model).write(aside, evaluation.pictured(), count);
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
    Validation validation = new Validation(new Feeds(recipe, teachers, data), skills(teachers));
    long updates = 0;
    try (MetricsLog log = log(folder.metrics(), resumed);
        MetricsLog timings = log(folder.timings(), resumed)) {
      for (Phase phase : Phase.of(recipe)) {
        boolean done = Files.exists(folder.model(phase.row()));
        // Only one measures.
        boolean measured = !phase.inTable() || rows.has(phase.row()) || !ranks.writes();
        long before = updates;
        updates += length.steps(phase);
        if (done && measured) {
          continue;
        }
        boolean here = !done && resumed != null && resumed.phase().equals(phase.row());
        Progress from = here ? resumed : null;
        try (NDManager own = manager.newSubManager()) {
          MergedModel model = start(phase, done, from, students, own);
          if (!done && phase instanceof TrainPhase train) {
            listener.onMessage(StageRunner.table(train.stage(), model.student()).text().strip());
            if (!train(train, model, from, before, validation, own, log, timings)) {
              return false;
            }
          }
          if (!measured) {
            listener.onMessage("measuring " + phase.row());
            rows.put(phase.row(), evaluation.student(model));
          }
        }
      }
    }
    return true;
  }

  private MetricsLog log(Path file, Progress resumed) {
    return ranks.writes() ? MetricsLog.open(file, updatesDone(resumed)) : MetricsLog.none();
  }

  private boolean train(
      TrainPhase phase,
      MergedModel model,
      Progress from,
      long before,
      Validation validation,
      NDManager own,
      MetricsLog log,
      MetricsLog timings) {
    try (Interruption interruption = interruptions.get();
        Autocast precision = recipe.isBf16() ? Autocast.bf16() : Autocast.float32()) {
      StageRunner runner = new StageRunner(validation, length, folder, store, interruption, ranks);
      boolean ended =
          runner.run(phase, model, own, from, before, logged(log, timings, phase, before));
      if (ended && ranks.writes()) {
        ModelFile.write(folder.model(phase.row()), model, TensorType.F32);
        store.removeBest(null);
      }
      // Also what the writer has written is behind this on all ranks.
      boolean stopped = ranks.agree(interruption.requested());
      if (stopped && ranks.writes()) {
        // Said before the process may end.
        listener.onMessage(
            "stopped: " + store.latest().updates() + " updates are saved; continue with --resume");
      }
      return ended && !stopped;
    }
  }

  /** The columns that a look at a model in training measures, always on the validation's sets. */
  private Validation.Skills skills(Teachers teachers) {
    SetsSpec sets = data.sets(recipe.evaluation(), Split.VALIDATION);
    Map<Integer, Evaluation> looks = new HashMap<>();
    return new Validation.Skills() {
      @Override
      public Map<String, Double> of(MergedModel model, int images) {
        Evaluation look =
            looks.computeIfAbsent(
                images,
                n ->
                    new Evaluation(
                        recipe.evaluation().look(n),
                        sets,
                        recipe.data().maxPixels(),
                        teachers.models()));
        Map<String, Double> values = new LinkedHashMap<>();
        look.student(model).forEach((name, scores) -> values.put(name, scores.value()));
        values.values().removeIf(value -> value.isNaN());
        return values;
      }

      @Override
      public boolean lowerIsBetter(String metric) {
        return Column.of(recipe.evaluation()).stream()
            .anyMatch(c -> c.name().equals(metric) && c.better() == Metric.Better.LOWER);
      }
    };
  }

  /** Steps that the log holds rightly: those of finished phases and of the newest checkpoint. */
  private long updatesDone(Progress resumed) {
    long finished = 0;
    for (Phase phase : Phase.of(recipe)) {
      if (!Files.exists(folder.model(phase.row()))) {
        break;
      }
      finished += length.steps(phase);
    }
    return Math.max(resumed == null ? 0 : resumed.updates(), finished);
  }

  /** What a seed decides goes to one log, what the machine adds to another. */
  private StepListener logged(MetricsLog log, MetricsLog timings, TrainPhase phase, long before) {
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

  /** A phase's model: as it is, as its training begins or goes on, or as it is blended. */
  private MergedModel start(
      Phase phase, boolean done, Progress from, Students students, NDManager own) {
    if (done) {
      return ModelFile.read(MergedModel.class, folder.model(phase.row()), own);
    }
    if (from != null) {
      return store.model(own);
    }
    if (phase instanceof BlendPhase blend) {
      listener.onMessage("blending " + blend.row() + ": " + blend.blend().text());
      MergedModel model = new Blends(students, folder).make(blend, own);
      ModelFile.write(folder.model(blend.row()), model, TensorType.F32);
      return model;
    }
    String start = ((TrainPhase) phase).start();
    return start == null
        ? students.base(own, phase.student())
        : ModelFile.read(MergedModel.class, folder.model(start), own);
  }
}
