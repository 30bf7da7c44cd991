package org.samclip.train.stage;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.samclip.train.recipe.BaselineSpec;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.StageSpec;
import org.samclip.train.recipe.StudentSpec;

/** What makes one model, in the order of the run. */
public sealed interface Phase permits TrainPhase, BlendPhase {

  /**
   * @return name of its model, and in the table: {@code stage1}, {@code stage2} ... or a baseline's
   */
  String row();

  /**
   * @return where it stands in the recipe, for messages
   */
  String key();

  /**
   * @return what its model is
   */
  StudentSpec student();

  /**
   * @return whether it has a row: the stages between of a baseline have none
   */
  boolean inTable();

  /**
   * @param recipe of the run
   * @return the stages, then the baselines
   */
  static List<Phase> of(Recipe recipe) {
    List<Phase> phases = new ArrayList<>();
    Map<String, String> rows = new HashMap<>();
    for (int i = 0; i < recipe.stages().size(); i++) {
      String row = "stage" + (i + 1);
      phases.add(TrainPhase.of("stages", recipe.stages(), i, row, rows, recipe.student(), true));
      rows.put(recipe.stages().get(i).name(), row);
    }
    for (BaselineSpec baseline : recipe.baselines()) {
      String key = "baselines." + baseline.name();
      if (baseline.blend() != null) {
        phases.add(
            new BlendPhase(
                baseline.name(), key + ".blend", baseline.blend(), rows, recipe.student()));
        continue;
      }
      // Its own stages hide those of the recipe that have the same name.
      Map<String, String> own = new HashMap<>(rows);
      StudentSpec student = baseline.student() == null ? recipe.student() : baseline.student();
      List<StageSpec> stages = baseline.stages();
      int last = stages.size() - 1;
      for (int i = 0; i <= last; i++) {
        String row = i == last ? baseline.name() : baseline.name() + "-" + (i + 1);
        phases.add(TrainPhase.of(key + ".stages", stages, i, row, own, student, i == last));
        own.put(stages.get(i).name(), row);
      }
    }
    return phases;
  }
}
