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
 * Semantic segmentation by both heads (SAM-CLIP, section 4.5): in one pass of the backbone the CLIP
 * head says which classes are where, and for each of them its score map and its surest points
 * prompt the SAM head, which draws the outline. The highest mask logit wins the pixel.
 *
 * <p>The paper leaves open how the input is framed and how scores become prompts. Here the input is
 * SAM's (longest side, padded), and scores become prompts as in {@link ScorePrompts}. A class named
 * "background" is not prompted: its logit is 0, the threshold of SAM's own masks.
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
   * @param background {@link Background#TEXT}: the background's name can win tokens from other
   *     classes; {@link Background#THRESHOLD}: it cannot; {@link Background#EXCLUDED}: its pixels
   *     do not count
   * @param temperature divisor of the cosines before the softmax (CLIP's own: 0.01)
   * @param points points per class, at most; 0 for the mask prompt alone (paper: 1 to 3)
   * @param threshold least confidence of a point, and of one token of a class, 0 to 1
   * @param logitRange largest absolute value of the mask prompt's logits
   * @param promptsPerPass classes that are decoded at once
   */
  public record Options(
      int side,
      int batch,
      int maxImages,
      PromptTemplates templates,
      Background background,
      double temperature,
      int points,
      double threshold,
      double logitRange,
      int promptsPerPass) {

    /** Checks the ranges. */
    public Options {
      check(temperature > 0, "temperature", temperature, "above 0");
      check(points >= 0 && points <= 64, "points", points, "0 to 64");
      check(threshold >= 0 && threshold <= 1, "threshold", threshold, "0 to 1");
      check(logitRange > 0, "logit_range", logitRange, "above 0");
      check(promptsPerPass >= 1, "prompts_per_pass", promptsPerPass, "at least 1");
    }

    private static void check(boolean isGood, String key, Number found, String allowed) {
      if (!isGood) {
        throw new UserError(key + ": " + found + " found; allowed: " + allowed);
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
   * @param prompts number of prompts, one for each class found in an image
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
    ImageComposer composer = new ImageComposer(model, task, options, side);
    long prompts = 0;
    try (Autograd off = Autograd.disabled();
        NDManager manager = LibTorch.newManager(model.device());
        TextClassifier classifier =
            TextClassifier.of(manager, model, task.namedClasses(), options.templates())) {
      for (List<LabelMapFolder.Item> batch = batches.next();
          !batch.isEmpty();
          batch = batches.next()) {
        try (NDManager step = manager.newSubManager()) {
          NDArray images =
              ImageBatch.of(
                  step, batch.stream().map(s -> preprocess.apply(s.image())).toList(), side);
          SamClip.Features features = model.features(images);
          NDArray maps = classifier.scoreMaps(features.patches());
          for (int i = 0; i < batch.size(); i++) {
            LabelMapFolder.Item sample = batch.get(i);
            LabelMap target = sample.labels();
            try (NDManager one = step.newSubManager()) {
              NDArray embedding = features.neck().get("{}:{}", i, i + 1);
              embedding.attach(one);
              ImageComposer.Composition composition =
                  composer.compose(
                      embedding,
                      maps.get(i),
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
