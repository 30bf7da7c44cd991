package org.samclip.train.run;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.samclip.UserError;
import org.samclip.checkpoint.ParameterLoader;
import org.samclip.checkpoint.Provenance;
import org.samclip.clip.ClipConfig;
import org.samclip.model.ModelFile;
import org.samclip.model.SamClip;
import org.samclip.model.SamClipConfig;
import org.samclip.model.SamClipModel;
import org.samclip.train.Version;
import org.samclip.train.feed.DataFiles;
import org.samclip.train.plan.HeapNeed;
import org.samclip.train.recipe.ModelSpec;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.stage.Phase;
import org.samclip.train.stage.StageRunner;
import org.samclip.train.teacher.Teachers;

/**
 * Students as they start: SAM's weights with a fresh CLIP head, and the CLIP teacher's text tower.
 *
 * @param recipe of the run
 * @param teachers of the run
 * @param data whose hash goes into the model's provenance
 * @param licences by name, for the provenance; they stand over those that the teachers' files state
 */
record Students(Recipe recipe, Teachers teachers, DataFiles data, Map<String, String> licences) {

  /**
   * The student's sizes are the SAM teacher's, every stage's groups fit it, and so does the heap.
   */
  void requireFit() {
    SamClipConfig config = recipe.model().config(teachers.clip().clip().config().embedDim());
    if (!config.encoder().equals(teachers.sam().sizes().encoder())
        || !config.samHead().equals(teachers.sam().sizes().samHead())) {
      throw new UserError(
          "model: the sizes differ from those of teachers.sam, from which the student starts: "
              + config.encoder()
              + ", "
              + config.samHead()
              + " against "
              + teachers.sam().sizes().encoder()
              + ", "
              + teachers.sam().sizes().samHead()
              + "; set model.preset, or model.width, depth and so on, to the teacher's");
    }
    int teacherSide = teachers.clip().clip().config().vision().imageSide();
    for (Phase phase : Phase.of(recipe)) {
      SamClipConfig own = phase.model().config(teachers.clip().clip().config().embedDim());
      StageRunner.table(phase.stage(), new SamClip(own));
      HeapNeed.of(phase.stage(), teacherSide, recipe.data())
          .requireFit("stage " + phase.stage().name(), Runtime.getRuntime().maxMemory());
    }
  }

  private Map<String, String> allLicences() {
    Map<String, String> all = new TreeMap<>();
    teachers.sam().provenance().ifPresent(origin -> all.putAll(origin.licences()));
    teachers.clip().provenance().ifPresent(origin -> all.putAll(origin.licences()));
    all.putAll(licences);
    return all;
  }

  /**
   * SAM's weights with a fresh CLIP head.
   *
   * @param own owns the parameters
   * @param model sizes and head: the recipe's, or a baseline's
   */
  SamClipModel base(NDManager own, ModelSpec model) {
    ClipConfig clip = teachers.clip().clip().config();
    SamClipConfig config = model.config(clip.embedDim());
    SamClip student = new SamClip(config);
    student.initialize(own, recipe.seed());
    Map<String, NDArray> arrays = student.arrays();
    teachers
        .sam()
        .sam()
        .arrays()
        .forEach((name, array) -> ParameterLoader.copyInPlace(array, arrays.get(name)));
    student.initializeClipHead(model.clipHead().init());
    Provenance provenance =
        new Provenance(
            Version.current(),
            SamClipModel.KIND,
            ModelFile.architecture(new SamClipModel.Sizes(config, clip)),
            recipe.hash(),
            teachers.hashes(),
            data.hash(),
            allLicences());
    return new SamClipModel(
        student,
        teachers.clip().clip().text(),
        teachers.clip().tokenizer(),
        Optional.of(provenance));
  }
}
