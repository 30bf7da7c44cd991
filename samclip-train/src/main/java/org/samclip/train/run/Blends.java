package org.samclip.train.run;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samclip.checkpoint.ParameterLoader;
import org.samclip.checkpoint.SafetensorsFile;
import org.samclip.checkpoint.TensorSource;
import org.samclip.model.ModelFile;
import org.samclip.student.MergedModel;
import org.samclip.train.blend.BlendMethods;
import org.samclip.train.blend.Blending;
import org.samclip.train.recipe.BlendSpec;
import org.samclip.train.recipe.StageSpec;
import org.samclip.train.stage.BlendPhase;
import org.samclip.train.store.RunFolder;

/**
 * Blends of a run's models.
 *
 * @param students makes the student that a blend may begin from
 * @param folder where the models are
 */
record Blends(Students students, RunFolder folder) {

  /**
   * @param phase what to blend; the models of its stages are written
   * @param own owns the parameters
   * @return the blended model; its text tower, which no stage trains, is that of all
   */
  MergedModel make(BlendPhase phase, NDManager own) {
    BlendSpec spec = phase.blend();
    // One model lies in memory and becomes the blend. Base must be that one: no file has it.
    boolean ofBase = spec.of().containsKey(StageSpec.BASE);
    String held = ofBase ? StageSpec.BASE : spec.rest();
    MergedModel model =
        ofBase
            ? students.base(own, phase.student())
            : ModelFile.read(MergedModel.class, folder.model(phase.rows().get(held)), own);
    Map<String, NDArray> arrays = model.student().arrays();
    Set<String> blended = Set.copyOf(phase.tensors(model.student()));
    List<TensorSource> files = new ArrayList<>();
    try {
      List<Blending.Part> parts = new ArrayList<>();
      spec.of()
          .forEach(
              (name, weight) -> {
                if (name.equals(held)) {
                  parts.add(new Blending.Part(Blending.held(arrays), weight));
                  return;
                }
                TensorSource file = SafetensorsFile.open(folder.model(phase.rows().get(name)));
                files.add(file);
                new ParameterLoader()
                    .optIgnoredInFile(tensor -> !arrays.containsKey(tensor))
                    .check(model.student().getParameters(), file);
                parts.add(new Blending.Part(file::read, weight));
              });
      int rest = List.copyOf(spec.of().keySet()).indexOf(spec.rest());
      new Blending(BlendMethods.installed().of(spec.method()), blended::contains, rest)
          .into(arrays, parts);
    } finally {
      files.forEach(TensorSource::close);
    }
    return model;
  }
}
