package org.samclip.train.stage;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.samclip.train.recipe.BaselineSpec;
import org.samclip.train.recipe.ModelSpec;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.StageSpec;

/**
 * A stage in the order of the run.
 *
 * @param row its name in the table and of its model: {@code stage1}, {@code stage2} ... or a
 *     baseline's
 * @param start row of the phase it begins from; null: SAM's weights with a fresh CLIP head
 * @param stage what is trained
 * @param model the student's sizes and head
 * @param inTable whether it has a row: the stages between of a baseline have none
 */
public record Phase(String row, String start, StageSpec stage, ModelSpec model, boolean inTable) {

  /**
   * @param recipe of the run
   * @return the stages, then the baselines
   */
  public static List<Phase> of(Recipe recipe) {
    List<Phase> phases = new ArrayList<>();
    Map<String, String> rows = new HashMap<>();
    for (int i = 0; i < recipe.stages().size(); i++) {
      add(phases, recipe.stages(), i, "stage" + (i + 1), rows, recipe.model(), true);
    }
    for (BaselineSpec baseline : recipe.baselines()) {
      // Its own stages hide those of the recipe that have the same name.
      Map<String, String> own = new HashMap<>(rows);
      ModelSpec model =
          baseline.clipHead() == null
              ? recipe.model()
              : recipe.model().withClipHead(baseline.clipHead());
      int last = baseline.stages().size() - 1;
      for (int i = 0; i <= last; i++) {
        String row = i == last ? baseline.name() : baseline.name() + "-" + (i + 1);
        add(phases, baseline.stages(), i, row, own, model, i == last);
      }
    }
    return phases;
  }

  /**
   * @param rows of the stages that may be started from, by the stages' names; grows by this one
   */
  private static void add(
      List<Phase> phases,
      List<StageSpec> stages,
      int index,
      String row,
      Map<String, String> rows,
      ModelSpec model,
      boolean inTable) {
    StageSpec stage = stages.get(index);
    String start =
        switch (stage.start()) {
          case StageSpec.BASE -> null;
          case StageSpec.PREVIOUS -> index == 0 ? null : rows.get(stages.get(index - 1).name());
          default -> rows.get(stage.start());
        };
    phases.add(new Phase(row, start, stage, model, inTable));
    rows.put(stage.name(), row);
  }
}
