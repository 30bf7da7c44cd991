package org.samclip.train.recipe;

import java.util.List;

/**
 * A further model that is trained and measured beside the recipe's own stages, for comparison: for
 * example naive distillation, which learns CLIP without replaying SAM's data.
 *
 * @param name row of the results table
 * @param stages its training; the first starts from base
 */
public record BaselineSpec(String name, List<StageSpec> stages) {

  /** Checks that the stages need nothing from outside. */
  public BaselineSpec {
    Check.name("name", name);
    stages = Check.notEmpty("stages", stages);
    StageSpec.checkSequence(stages);
  }
}
