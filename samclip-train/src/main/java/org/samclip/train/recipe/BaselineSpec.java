package org.samclip.train.recipe;

import java.util.List;

/**
 * A further model that is trained and measured beside the recipe's own stages, for comparison: for
 * example naive distillation, which learns CLIP without replaying SAM's data.
 *
 * <p>In a recipe's file a stage of a baseline may say {@code like: NAME}: it is then that stage of
 * the recipe, name and order of the data included, with only the keys changed that stand beside it.
 * So is a {@code clip_head}: the model's own with the given keys changed.
 *
 * @param name row of the results table
 * @param clipHead the student's CLIP head; absent: as in {@code model}
 * @param stages its training; each starts from base, from an earlier one of these, or from one of
 *     the recipe's stages
 */
public record BaselineSpec(
    String name, @Optional ModelSpec.ClipHeadSpec clipHead, List<StageSpec> stages) {

  /** Checks the name and that there is something to train. */
  public BaselineSpec {
    Check.name("name", name);
    stages = Check.notEmpty("stages", stages);
  }
}
