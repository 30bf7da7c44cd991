package org.samclip.train.loop;

import java.util.ArrayList;
import java.util.List;
import org.samclip.train.recipe.BaselineSpec;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.StageSpec;

/**
 * A stage in the order of the run.
 *
 * @param row its name in the table and of its model: {@code stage1}, {@code stage2} ... or a
 *     baseline's
 * @param start row of the phase it begins from; null: SAM's weights with a fresh CLIP head
 * @param stage what is trained
 * @param inTable whether it has a row: the stages between of a baseline have none
 */
public record Phase(String row, String start, StageSpec stage, boolean inTable) {

  /**
   * @param recipe of the run
   * @return the stages, then the baselines
   */
  public static List<Phase> of(Recipe recipe) {
    List<Phase> phases = new ArrayList<>();
    List<String> rows = new ArrayList<>();
    for (int i = 0; i < recipe.stages().size(); i++) {
      rows.add("stage" + (i + 1));
    }
    add(phases, recipe.stages(), rows, true);
    for (BaselineSpec baseline : recipe.baselines()) {
      int last = baseline.stages().size();
      List<String> names = new ArrayList<>();
      for (int i = 1; i <= last; i++) {
        names.add(i == last ? baseline.name() : baseline.name() + "-" + i);
      }
      add(phases, baseline.stages(), names, false);
    }
    return phases;
  }

  private static void add(
      List<Phase> phases, List<StageSpec> stages, List<String> rows, boolean allInTable) {
    for (int i = 0; i < stages.size(); i++) {
      StageSpec stage = stages.get(i);
      String start =
          switch (stage.start()) {
            case StageSpec.BASE -> null;
            case StageSpec.PREVIOUS -> i == 0 ? null : rows.get(i - 1);
            default -> rows.get(names(stages).indexOf(stage.start()));
          };
      phases.add(new Phase(rows.get(i), start, stage, allInTable || i == stages.size() - 1));
    }
  }

  private static List<String> names(List<StageSpec> stages) {
    return stages.stream().map(StageSpec::name).toList();
  }
}
