package org.samclip.train.loss;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.function.Supplier;
import org.samclip.kernel.Autograd;
import org.samclip.sam.Masks;
import org.samclip.train.recipe.ObjectiveSpec;
import org.samclip.train.recipe.ObjectiveSpec.Multimask;
import org.samclip.train.recipe.ObjectiveSpec.Target;
import org.samclip.train.recipe.TermSpec;

/**
 * The loss of what SAM's decoder says: focal and dice of the masks, squared error of the predicted
 * IoU. A term without weight is not computed and reaches no parameter.
 *
 * @param spec the weights, and what the masks are held against
 */
public record MaskLoss(ObjectiveSpec spec) {

  /** Names of the terms in a recipe, in the order of {@link Terms}. */
  public static final List<String> TERMS = List.of("focal", "dice", "iou");

  /**
   * The parts of the loss, each with its weight.
   *
   * @param focal scalar
   * @param dice scalar
   * @param iou scalar
   */
  public record Terms(NDArray focal, NDArray dice, NDArray iou) {

    /**
     * @return the loss, scalar
     */
    public NDArray total() {
      return focal.add(dice).add(iou);
    }
  }

  /**
   * Weighted losses of single masks.
   *
   * @param focal [...]
   * @param dice [...]
   */
  record Each(NDArray focal, NDArray dice) {

    NDArray total() {
      return focal.add(dice);
    }
  }

  /**
   * Against the teacher's answers to the same prompts, output token by output token. With soft
   * targets the loss is 0, and so is its gradient, where both say the same.
   *
   * @param student B images, P prompts, 1 + 3 output tokens
   * @param teacher the same, without history
   * @param isPoint [B, P], 1 for a point and 0 for a box. A box is unambiguous and trains the
   *     single mask; a point trains the three, and half as much the single one, which else no point
   *     would keep
   * @return means over the prompts
   */
  public Terms distilled(Masks student, Masks teacher, NDArray isPoint) {
    Each each =
        spec.target() != Target.HARD
            ? againstLogits(student.logits(), teacher.logits())
            : againstMask(student.logits(), teacher.logits().gt(0).toType(DataType.FLOAT32, false));
    return terms(each, isPoint, student.iou(), teacher.iou());
  }

  /**
   * SAM's own training: every prompt is taken for a point.
   *
   * @param masks B images, P prompts, 1 + 3 output tokens
   * @param truth [B, P, 1 + 3, h, w], 0..1
   * @param iou [B, P, 1 + 3] of the masks and the truth
   * @return means over the prompts
   */
  public Terms supervised(Masks masks, NDArray truth, NDArray iou) {
    return terms(againstMask(masks.logits(), truth), null, masks.iou(), iou);
  }

  private Terms terms(Each each, NDArray isPoint, NDArray predicted, NDArray iou) {
    NDArray share = shares(each.total(), isPoint);
    NDArray none = predicted.getManager().zeros(new Shape());
    return new Terms(
        each.focal().mul(share).sum(),
        each.dice().mul(share).sum(),
        weighted(spec.weightOf("iou"), () -> Losses.meanSquared(predicted, iou), none));
  }

  /** SAM's own focal and dice. */
  Each againstMask(NDArray logits, NDArray mask) {
    return each(
        logits,
        () -> Losses.focal(logits, mask, alpha(), gamma()),
        () -> Losses.dice(logits, mask));
  }

  private Each againstLogits(NDArray logits, NDArray teacher) {
    double t = TermSpec.or(spec.temperature(), 1);
    return each(
        logits,
        () -> Losses.qualityFocal(logits, teacher, alpha(), gamma(), t),
        () -> Losses.squaredDice(logits, teacher, t));
  }

  private Each each(NDArray logits, Supplier<NDArray> focal, Supplier<NDArray> dice) {
    Shape shape = logits.getShape();
    NDArray none = logits.getManager().zeros(shape.slice(0, shape.dimension() - 2));
    return new Each(
        weighted(spec.weightOf("focal"), focal, none), weighted(spec.weightOf("dice"), dice, none));
  }

  private static NDArray weighted(double weight, Supplier<NDArray> loss, NDArray none) {
    return weight == 0 ? none : Losses.scaled(loss.get(), (float) weight);
  }

  private double alpha() {
    TermSpec focal = spec.loss().get("focal");
    return focal == null ? Losses.NO_ALPHA : TermSpec.or(focal.alpha(), Losses.NO_ALPHA);
  }

  private double gamma() {
    TermSpec focal = spec.loss().get("focal");
    return focal == null ? 0 : TermSpec.or(focal.gamma(), 0);
  }

  /** What each mask counts in the mean over the prompts: [B, P, 1 + 3], constants. */
  private NDArray shares(NDArray each, NDArray isPoint) {
    try (Autograd off = Autograd.disabled()) {
      NDArray three = each.get(":, :, 1:").stopGradient();
      NDArray single = each.get(":, :, :1").stopGradient().onesLike();
      NDArray point = isPoint == null ? single : isPoint.expandDims(2);
      NDArray ofThree = among(three, spec.multimask()).mul(point).mul(.5f);
      NDArray ofSingle = single.sub(point.mul(.5f));
      return ofSingle.concat(ofThree, 2).div((float) single.size());
    }
  }

  /** What each of a prompt's masks counts, [..., M]: the smallest loss alone, or all the same. */
  static NDArray among(NDArray each, Multimask multimask) {
    int last = each.getShape().dimension() - 1;
    int masks = (int) each.getShape().get(last);
    return multimask == Multimask.BEST
        ? each.argMin(last).oneHot(masks, DataType.FLOAT32)
        : each.onesLike().div((float) masks);
  }
}
