package org.samclip.eval.segment;

import org.samclip.eval.DenseTask;
import org.samclip.eval.ScoreSettings;
import org.samclip.eval.zeroshot.TextClassifier;

/**
 * How both heads are composed.
 *
 * @param form which of them begins
 * @param scores how cosines become probabilities, points and mask prompts
 * @param masks where masks come from in {@link CompositionForm#MASKS_FIRST}
 */
public record CompositionSettings(
    CompositionForm form, ScoreSettings scores, ProposalSettings masks) {

  /** The values of the recipe's defaults. */
  public static final CompositionSettings DEFAULT =
      new CompositionSettings(
          CompositionForm.SCORES_FIRST, ScoreSettings.DEFAULT, ProposalSettings.DEFAULT);

  /**
   * @param model the model
   * @param task the classes
   * @param texts the task's named classes, belonging to the caller
   * @param side S, side of the square input in pixels
   * @param promptsPerPass prompts that are decoded at once
   * @return what composes images in this way
   */
  public Composer composer(
      TwoHeadModel model, DenseTask task, TextClassifier texts, int side, int promptsPerPass) {
    return switch (form) {
      case SCORES_FIRST ->
          new ScoresFirstComposer(model, task, texts, scores, side, promptsPerPass);
      case MASKS_FIRST ->
          new MasksFirstComposer(
              model,
              task,
              texts,
              scores,
              new MaskProposer(model, masks, side, promptsPerPass),
              side);
    };
  }
}
