package org.samclip.eval.segment;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.samclip.UserError;
import org.samclip.data.source.EvaluationSet;
import org.samclip.data.source.LabelMapFolder;
import org.samclip.data.transform.LabelMap;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.eval.Background;
import org.samclip.eval.DenseTask;
import org.samclip.eval.ImageBatch;
import org.samclip.eval.SampleBatches;
import org.samclip.eval.metric.ConfusionMatrix;
import org.samclip.eval.metric.SegmentationScores;
import org.samclip.eval.zeroshot.PromptTemplates;
import org.samclip.eval.zeroshot.TextClassifier;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.model.SamClip;

/**
 * Semantic segmentation by both heads in one pass of the backbone (SAM-CLIP, section 4.5): the CLIP
 * head names, the SAM head draws, in the order of a {@link CompositionForm}.
 *
 * <p>The paper leaves open how the input is framed. Here it is SAM's (longest side, padded).
 */
public final class HeadComposition {

  private HeadComposition() {}

  /**
   * How it is measured.
   *
   * @param side S in pixels (paper: 1024); 0 for the model's own
   * @param batch images at once
   * @param maxImages most images, spread over the set; 0 for all
   * @param templates sentences for the class names
   * @param background {@link Background#TEXT}: the background's name can win tokens or masks from
   *     other classes; {@link Background#THRESHOLD}: it cannot; {@link Background#EXCLUDED}: its
   *     pixels do not count
   * @param composing how both heads work together
   * @param promptsPerPass prompts that are decoded at once
   */
  public record Options(
      int side,
      int batch,
      int maxImages,
      PromptTemplates templates,
      Background background,
      CompositionSettings composing,
      int promptsPerPass) {

    /** Checks the prompts. */
    public Options {
      if (promptsPerPass < 1) {
        throw new UserError("prompts_per_pass: " + promptsPerPass + " found, at least 1 is needed");
      }
    }
  }

  /**
   * What was found.
   *
   * @param miou mean IoU over the classes that occur, 0 to 1
   * @param scores all ratios, per class in the order of the labels
   * @param side S in pixels
   * @param images number of images measured
   * @param skipped number of broken images
   * @param prompts number of masks: one for each class found in an image, or those that got a name
   */
  public record Result(
      double miou, SegmentationScores scores, int side, int images, int skipped, long prompts) {}

  /**
   * Measures a model.
   *
   * @param model the model
   * @param set images with label maps, and the names of their classes
   * @param options how
   * @return the result
   * @throws UserError if no pixel counts or a label has no class
   */
  public static Result run(
      TwoHeadModel model, EvaluationSet<LabelMapFolder.Item> set, Options options) {
    int side = options.side() == 0 ? model.imageSide() : options.side();
    SamPreprocess preprocess = new SamPreprocess(side, model.normalisation());
    DenseTask task = new DenseTask(set.classes(), LabelMapFolder.IGNORE, options.background());
    ConfusionMatrix matrix = task.newMatrix();
    SampleBatches<LabelMapFolder.Item> batches =
        new SampleBatches<>(set, options.batch(), options.maxImages());
    long prompts = 0;
    try (Autograd off = Autograd.disabled();
        NDManager manager = LibTorch.newManager(model.device());
        TextClassifier classifier =
            TextClassifier.of(manager, model, task.namedClasses(), options.templates())) {
      Composer composer =
          options.composing().composer(model, task, classifier, side, options.promptsPerPass());
      for (List<LabelMapFolder.Item> batch = batches.next();
          !batch.isEmpty();
          batch = batches.next()) {
        try (NDManager step = manager.newSubManager()) {
          NDArray images =
              ImageBatch.of(
                  step, batch.stream().map(s -> preprocess.apply(s.image())).toList(), side);
          SamClip.Features features = model.features(images);
          for (int i = 0; i < batch.size(); i++) {
            LabelMapFolder.Item sample = batch.get(i);
            LabelMap target = sample.labels();
            try (NDManager one = step.newSubManager()) {
              Composition composition =
                  composer.compose(
                      Composer.one(features, i, one),
                      preprocess.frame(sample.image().width(), sample.image().height()),
                      target.height(),
                      target.width());
              task.count(matrix, sample.key(), target, composition.labels());
              prompts += composition.parts().size();
            }
          }
        }
      }
    }
    batches.requireSome(matrix.pixels(), "labelled pixel");
    SegmentationScores scores = matrix.scores();
    return new Result(scores.miou(), scores, side, batches.used(), batches.skipped(), prompts);
  }
}
