package org.samclip.train;

import java.util.LinkedHashMap;
import java.util.Map;
import org.samclip.train.recipe.ObjectiveSpec;
import org.samclip.train.recipe.ObjectiveSpec.Multimask;
import org.samclip.train.recipe.ObjectiveSpec.Target;
import org.samclip.train.recipe.TermSpec;

/** Losses of masks without a recipe. */
public final class MaskSpecs {

  private MaskSpecs() {}

  /**
   * @param focal weight
   * @param dice weight
   * @param alpha of focal; null: both sides weigh 1
   * @param gamma of focal
   * @param iou weight
   */
  public static ObjectiveSpec of(
      double focal,
      double dice,
      Double alpha,
      double gamma,
      double iou,
      double temperature,
      Target target,
      Multimask multimask) {
    Map<String, TermSpec> loss = new LinkedHashMap<>();
    loss.put("focal", new TermSpec(focal, null, gamma, alpha, null, null));
    loss.put("dice", TermSpec.of(dice));
    loss.put("iou", TermSpec.of(iou));
    return new ObjectiveSpec(
        null, null, 1, loss, null, null, null, null, target, temperature, multimask);
  }
}
