package org.samclip.train.run;

import ai.djl.ndarray.NDManager;
import java.util.Map;
import java.util.TreeMap;
import org.samclip.checkpoint.Provenance;
import org.samclip.model.ModelFile;
import org.samclip.student.MergedModel;
import org.samclip.student.Student;
import org.samclip.train.Version;
import org.samclip.train.feed.DataFiles;
import org.samclip.train.objective.ObjectiveCheck;
import org.samclip.train.plan.HeapNeed;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.StudentSpec;
import org.samclip.train.stage.BlendPhase;
import org.samclip.train.stage.Phase;
import org.samclip.train.stage.StageRunner;
import org.samclip.train.stage.TrainPhase;
import org.samclip.train.student.StudentBuilder;
import org.samclip.train.teacher.Teacher;
import org.samclip.train.teacher.Teachers;

/**
 * Students as they start.
 *
 * @param recipe of the run
 * @param teachers of the run
 * @param data whose hash goes into the model's provenance
 * @param licences by name, for the provenance; they stand over those that the teachers' files state
 */
record Students(Recipe recipe, Teachers teachers, DataFiles data, Map<String, String> licences) {

  /** Every stage and blend fits the student and the teachers, and so does the heap. */
  void requireFit() {
    for (Phase phase : Phase.of(recipe)) {
      Student student = new StudentBuilder(phase.student(), teachers).sized();
      ObjectiveCheck check = new ObjectiveCheck(student, teachers.models());
      if (phase instanceof TrainPhase train) {
        requireFit(train, student, check);
      } else if (phase instanceof BlendPhase blend) {
        blend.tensors(student);
      }
      check.require(recipe.evaluation());
    }
  }

  private void requireFit(TrainPhase phase, Student student, ObjectiveCheck check) {
    check.require(phase.key(), phase.stage());
    StageRunner.table(phase.stage(), student);
    HeapNeed.of(phase.stage(), student, teachers.models(), recipe.data())
        .requireFit("stage " + phase.stage().name(), Runtime.getRuntime().maxMemory());
  }

  /** What is known of the terms of all that goes in; empty where a teacher's file states none. */
  Map<String, String> terms() {
    Map<String, String> terms = new TreeMap<>();
    for (Teacher teacher : teachers.byName().values()) {
      if (teacher.licences().isEmpty()) {
        terms.put(teacher.name(), "");
      }
      terms.putAll(teacher.licences());
    }
    terms.putAll(licences);
    return terms;
  }

  /**
   * A student before its first step.
   *
   * @param own owns the parameters
   * @param spec the recipe's, or a baseline's
   */
  MergedModel base(NDManager own, StudentSpec spec) {
    StudentBuilder builder = new StudentBuilder(spec, teachers);
    Map<String, String> all = new TreeMap<>(teachers.licences());
    all.putAll(licences);
    if (recipe.licence() != null) {
      all.put("model", recipe.licence());
    }
    Provenance provenance =
        new Provenance(
            Version.current(),
            MergedModel.KIND,
            ModelFile.architecture(builder.model().sizes()),
            recipe.hash(),
            teachers.hashes(),
            data.hash(),
            all);
    return builder.start(own, recipe.seed(), provenance);
  }
}
