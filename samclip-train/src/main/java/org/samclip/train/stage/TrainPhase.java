package org.samclip.train.stage;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samclip.train.recipe.StageSpec;
import org.samclip.train.recipe.StudentSpec;

/**
 * A stage that is trained.
 *
 * @param row its name in the table and of its model: {@code stage1}, {@code stage2} ... or a
 *     baseline's
 * @param key of the stage in the recipe, for messages
 * @param start row of the phase it begins from; null: the student as the recipe makes it
 * @param stage what is trained
 * @param student what is trained
 * @param inTable whether it has a row: the stages between of a baseline have none
 */
public record TrainPhase(
    String row, String key, String start, StageSpec stage, StudentSpec student, boolean inTable)
    implements Phase {

  /**
   * @param index of the stage among the stages
   * @param rows of the stages that may be started from, by the stages' names
   */
  static TrainPhase of(
      String key,
      List<StageSpec> stages,
      int index,
      String row,
      Map<String, String> rows,
      StudentSpec student,
      boolean inTable) {
    StageSpec stage = stages.get(index);
    String start =
        switch (stage.start()) {
          case StageSpec.BASE -> null;
          case StageSpec.PREVIOUS -> index == 0 ? null : rows.get(stages.get(index - 1).name());
          default -> rows.get(stage.start());
        };
    return new TrainPhase(row, key + "." + stage.name(), start, stage, student, inTable);
  }

  /**
   * @return names of the heads whose last layers have random weights as the phase begins
   */
  Set<String> freshHeads() {
    Set<String> fresh = new LinkedHashSet<>();
    if (start == null) {
      student
          .heads()
          .forEach(
              (name, head) -> {
                if (head.from() == null) {
                  fresh.add(name);
                }
              });
    }
    return fresh;
  }
}
