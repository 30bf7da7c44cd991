package org.samclip.train.recipe;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;

/**
 * A further model that is measured beside the recipe's own stages, for comparison. It is trained:
 * for example naive distillation, which does not replay what the backbone learned from. Or it is
 * blended of models that are there already, as Wise-FT.
 *
 * <p>In a recipe's file a stage of a baseline may say {@code like: NAME}: it is then that stage of
 * the recipe, name and order of the data included, with only the keys changed that stand beside it.
 * So is a {@code student}: the recipe's own with the given keys changed.
 *
 * @param name row of the results table
 * @param student what is trained; absent: the recipe's
 * @param stages its training; each starts from base, from an earlier one of these, or from one of
 *     the recipe's stages. Empty: it is blended
 * @param blend what it is made of; absent: it is trained
 */
public record BaselineSpec(
    String name,
    @Optional StudentSpec student,
    @Optional @JsonInclude(JsonInclude.Include.NON_EMPTY) List<StageSpec> stages,
    @Optional BlendSpec blend) {

  /** Checks the name and that there is something to train or to blend, not both. */
  public BaselineSpec {
    Check.name("name", name);
    if (blend == null) {
      Check.that(
          stages != null && !stages.isEmpty(),
          "stages",
          (stages == null ? "missing" : "empty") + ", and so is blend",
          "one of both: stages, which are trained, or a blend of models that are there");
      stages = Check.notEmpty("stages", stages);
    } else {
      Check.that(
          stages == null || stages.isEmpty(),
          "blend",
          "given beside stages",
          "one of both: stages, which are trained, or a blend of models that are there");
      Check.that(
          student == null,
          "student",
          "given beside blend",
          "none, as only models of the same shapes can be blended: the recipe's own");
      stages = List.of();
    }
  }
}
