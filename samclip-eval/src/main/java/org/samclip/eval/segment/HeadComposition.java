package org.samclip.eval.segment;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samclip.UserError;
import org.samclip.data.source.EvaluationSet;
import org.samclip.data.source.LabelMapFolder;
import org.samclip.data.transform.LabelMap;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.eval.Background;
import org.samclip.eval.DenseCounts;
import org.samclip.eval.DenseTask;
import org.samclip.eval.ImageBatch;
import org.samclip.eval.SampleBatches;
import org.samclip.eval.metric.ClassScores;
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
   * @param perImage mean IoU over the classes that occur, kept per image
   * @param scores all ratios, per class in the order of the labels
   * @param side S in pixels
   * @param images number of images measured
   * @param skipped number of broken images
   * @param prompts number of prompts, one for each class found in an image
   */
  public record Result(
      ClassScores perImage,
      SegmentationScores scores,
      int side,
      int images,
      int skipped,
      long prompts) {

    /**
     * @return mean IoU over the classes that occur, 0 to 1
     */
    public double miou() {
      return scores.miou();
    }
  }

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
    Background only = options.background();
    return run(model, set, options, EnumSet.of(only)).get(only);
  }

  /**
   * Measures a model under several readings of the background, with one pass of the backbone for
   * all.
   *
   * @param model the model
   * @param set images with label maps, and the names of their classes
   * @param options how; its {@code background} does not matter
   * @param backgrounds what is done with a class named "background", at least one
   * @return the results
   * @throws UserError if no pixel counts or a label has no class
   */
  public static Map<Background, Result> run(
      TwoHeadModel model,
      EvaluationSet<LabelMapFolder.Item> set,
      Options options,
      Set<Background> backgrounds) {
    int side = options.side() == 0 ? model.imageSide() : options.side();
    SamPreprocess preprocess = new SamPreprocess(side, model.normalisation());
    Map<Background, Counted> counted = new EnumMap<>(Background.class);
    for (Background background : backgrounds) {
      DenseTask task = new DenseTask(set.classes(), LabelMapFolder.IGNORE, background);
      counted.put(background, new Counted(new ImageComposer(model, task, options, side)));
    }
    SampleBatches<LabelMapFolder.Item> batches =
        new SampleBatches<>(set, options.batch(), options.maxImages());
    try (Autograd off = Autograd.disabled();
        NDManager manager = LibTorch.newManager(model.device());
        TextClassifier classifier =
            TextClassifier.of(manager, model, set.classes(), options.templates())) {
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
            SamPreprocess.Frame frame =
                preprocess.frame(sample.image().width(), sample.image().height());
            for (Counted one : counted.values()) {
              try (NDManager own = step.newSubManager()) {
                NDArray embedding = features.neck().get("{}:{}", i, i + 1);
                embedding.attach(own);
                one.add(sample, embedding, maps.get(i), frame);
              }
            }
          }
        }
      }
    }
    Map<Background, Result> results = new EnumMap<>(Background.class);
    counted.forEach(
        (background, found) -> {
          batches.requireSome(found.counts.pixels(), "labelled pixel");
          results.put(
              background,
              new Result(
                  found.counts.perImage(),
                  found.counts.scores(),
                  side,
                  batches.used(),
                  batches.skipped(),
                  found.prompts));
        });
    return results;
  }

  /** What is composed and counted under one reading of the background. */
  private static final class Counted {

    private final ImageComposer composer;
    private final DenseCounts counts;
    private long prompts;

    Counted(ImageComposer composer) {
      this.composer = composer;
      this.counts = new DenseCounts(composer.task());
    }

    void add(
        LabelMapFolder.Item sample, NDArray embedding, NDArray maps, SamPreprocess.Frame frame) {
      LabelMap target = sample.labels();
      ImageComposer.Composition composition =
          composer.compose(
              embedding, composer.task().named(maps), frame, target.height(), target.width());
      counts.add(sample.key(), target, composition.labels());
      prompts += composition.parts().size();
    }
  }
}
