package org.samclip.train.run;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.samclip.data.source.ClassFolders;
import org.samclip.data.source.CocoInstances;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.EvaluationSet;
import org.samclip.data.source.HeldOutClasses;
import org.samclip.data.source.LabelMapFolder;
import org.samclip.eval.Answers;
import org.samclip.eval.adapter.ImageTextAdapter;
import org.samclip.eval.adapter.PromptedMaskAdapter;
import org.samclip.eval.adapter.TwoHeadAdapter;
import org.samclip.eval.metric.ImageScores;
import org.samclip.eval.picture.Panels;
import org.samclip.eval.protocol.ComposeProtocol;
import org.samclip.eval.protocol.DataKind;
import org.samclip.eval.protocol.EvaluationData;
import org.samclip.eval.protocol.Metric;
import org.samclip.eval.protocol.ProtocolResult;
import org.samclip.eval.protocol.ProtocolRun;
import org.samclip.eval.protocol.SemanticProtocol;
import org.samclip.eval.segment.PromptedMaskModel;
import org.samclip.eval.zeroshot.ImageTextModel;
import org.samclip.model.PromptableModel;
import org.samclip.model.TextAlignedModel;
import org.samclip.model.TwoHeadedModel;
import org.samclip.model.VisionModel;
import org.samclip.train.recipe.EvaluationSpec;
import org.samclip.train.recipe.ProtocolSpec;

/**
 * The columns of the table, measured on held-out data: every entry of the recipe's protocols at
 * each of its resolutions. A teacher answers once for all models that are compared with it, and its
 * answers stay in memory.
 */
public final class Evaluation {

  private static final int BATCH = 32;

  private final EvaluationSpec spec;
  private final Map<String, VisionModel> teachers;
  private final EvaluationData data = new EvaluationData();
  private final Map<Asked, Answers> answers = new HashMap<>();

  /**
   * What a teacher was asked.
   *
   * @param entry of the protocols
   * @param side in pixels; 0 for its own
   */
  private record Asked(String entry, int side) {}

  /**
   * @param spec what is measured
   * @param sets where the held-out sets are; what needs an absent one is not measured
   * @param maxPixels of one image
   * @param teachers by name, those that the entries name among them
   * @throws org.samclip.UserError if a set is not as it should be
   */
  public Evaluation(
      EvaluationSpec spec,
      EvaluationSpec.SetsSpec sets,
      long maxPixels,
      Map<String, VisionModel> teachers) {
    this.spec = spec;
    this.teachers = teachers;
    DataLimits limits = new DataLimits(maxPixels, DataLimits.DEFAULT.maxMemberBytes());
    if (sets.classes() != null) {
      data.optClasses(new ClassFolders(Path.of(sets.classes()), limits));
    }
    if (sets.classesTrain() != null) {
      data.optClassesTrain(new ClassFolders(Path.of(sets.classesTrain()), limits));
    }
    if (sets.semantic() != null) {
      data.optSemantic(new LabelMapFolder(Path.of(sets.semantic()), limits));
    }
    if (sets.instances() != null) {
      data.optInstances(
          new CocoInstances(Path.of(sets.instances()), Path.of(sets.images()), limits));
    }
    if (sets.heldout() != null) {
      data.optHeldOut(HeldOutClasses.read(Path.of(sets.heldout())));
    }
  }

  /**
   * @return kinds of sets that some entry reads and that are absent
   */
  public Set<DataKind> missing() {
    Set<DataKind> missing = EnumSet.noneOf(DataKind.class);
    spec.protocols().entries().forEach(entry -> missing.addAll(entry.choice().protocol().reads()));
    missing.removeAll(data.kinds());
    return missing;
  }

  /** The entries whose sets are there. */
  private List<ProtocolSpec> measurable() {
    return spec.protocols().entries().stream()
        .filter(entry -> data.kinds().containsAll(entry.choice().protocol().reads()))
        .toList();
  }

  /**
   * @param model that every entry can measure
   * @return all metrics by column
   * @throws org.samclip.UserError if the model cannot do what an entry needs
   */
  public Map<String, ImageScores> student(VisionModel model) {
    Map<String, ImageScores> row = new LinkedHashMap<>();
    for (ProtocolSpec entry : measurable()) {
      for (int side : entry.resolutions()) {
        ProtocolRun run = run(side, false, compared(entry, side));
        put(row, entry, side, entry.choice().run(model, data, run));
      }
    }
    return row;
  }

  /**
   * Measures a teacher by the entries that hold the student against it, at the student's sides or
   * at its own, as the protocol wants.
   *
   * @param name of the teacher
   * @return its metrics by column; what compares it with itself is left out
   */
  public Map<String, ImageScores> teacher(String name) {
    Map<String, ImageScores> row = new LinkedHashMap<>();
    for (ProtocolSpec entry : measurable()) {
      if (entry.teacher().filter(name::equals).isPresent()) {
        if (entry.choice().protocol().asksTeacherAtOwnSide()) {
          put(row, entry, entry.resolutions().get(0), ask(entry, 0));
        } else {
          entry.resolutions().forEach(side -> put(row, entry, side, ask(entry, side)));
        }
      }
    }
    return row;
  }

  private ProtocolRun run(int side, boolean keeps, Optional<ProtocolRun.Teacher> teacher) {
    return new ProtocolRun(side, BATCH, spec.maxImages(), keeps, teacher);
  }

  private ProtocolResult ask(ProtocolSpec entry, int side) {
    boolean keeps = entry.choice().protocol().comparesAnswers();
    VisionModel teacher = teachers.get(entry.teacher().orElseThrow());
    ProtocolResult found =
        entry.choice().forTeacher().run(teacher, data, run(side, keeps, Optional.empty()));
    found.answers().ifPresent(given -> answers.put(new Asked(entry.name(), side), given));
    return found;
  }

  /** In a run that was resumed the teacher's row is there, but not what it answered. */
  private Optional<ProtocolRun.Teacher> compared(ProtocolSpec entry, int side) {
    if (entry.teacher().isEmpty() || !entry.choice().protocol().comparesAnswers()) {
      return Optional.empty();
    }
    int asked = entry.choice().protocol().asksTeacherAtOwnSide() ? 0 : side;
    Answers given = answers.get(new Asked(entry.name(), asked));
    if (given == null) {
      given = ask(entry, asked).answers().orElseThrow();
    }
    return Optional.of(new ProtocolRun.Teacher(entry.teacher().get(), given));
  }

  private static void put(
      Map<String, ImageScores> row, ProtocolSpec entry, int side, ProtocolResult found) {
    for (Metric metric : entry.choice().metrics(entry.teacher())) {
      ImageScores scores = found.metrics().get(metric.id());
      if (scores != null && metric.shown() != Metric.Shown.DETAIL) {
        row.put(entry.column(metric.id(), side), scores);
      }
    }
  }

  /**
   * @return images with label maps, of which pictures are drawn
   * @throws org.samclip.UserError if there are none
   */
  public EvaluationSet<LabelMapFolder.Item> pictured() {
    return data.semantic();
  }

  /**
   * Pictures by the first entries of the protocols {@code semantic} and {@code compose}, see {@link
   * EvaluationSpec#hasPictures}.
   *
   * @param model the student
   * @return what draws it beside the teacher of the first, and those that draw masks
   */
  public Panels panels(VisionModel model) {
    ProtocolSpec named = spec.first(SemanticProtocol.class).orElseThrow();
    ProtocolSpec composed = spec.first(ComposeProtocol.class).orElseThrow();
    SemanticProtocol.Options naming = (SemanticProtocol.Options) named.choice().options();
    ComposeProtocol.Options composing = (ComposeProtocol.Options) composed.choice().options();
    Map<String, PromptedMaskModel> drawers = new LinkedHashMap<>();
    for (String name : spec.teachers()) {
      teachers
          .get(name)
          .as(PromptableModel.class)
          .ifPresent(teacher -> drawers.put(name, new PromptedMaskAdapter(teacher)));
    }
    Map<String, ImageTextModel> namers = new LinkedHashMap<>();
    named
        .teacher()
        .ifPresent(
            name ->
                teachers
                    .get(name)
                    .as(TextAlignedModel.class)
                    .ifPresent(
                        teacher ->
                            namers.put(
                                name, new ImageTextAdapter(teacher.withDense(naming.dense())))));
    ProtocolRun run = run(0, false, Optional.empty());
    return new Panels(
        new TwoHeadAdapter(model.as(TwoHeadedModel.class).orElseThrow()),
        drawers,
        namers,
        naming.at(named.resolutions().get(0), run),
        composing.at(composed.resolutions().get(0), run));
  }
}
