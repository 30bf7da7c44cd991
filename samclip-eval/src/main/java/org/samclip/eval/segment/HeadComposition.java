package org.samclip.eval.segment;

import ai.djl.ndarray.NDManager;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.samclip.data.source.EvaluationSet;
import org.samclip.data.source.LabelMapFolder;
import org.samclip.data.transform.LabelMap;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.eval.Background;
import org.samclip.eval.DenseCounts;
import org.samclip.eval.DenseTask;
import org.samclip.eval.InvalidOption;
import org.samclip.eval.SampleBatches;
import org.samclip.eval.metric.ClassScores;
import org.samclip.eval.metric.SegmentationScores;
import org.samclip.eval.zeroshot.PromptTemplates;
import org.samclip.eval.zeroshot.TextClassifier;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;

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
      InvalidOption.check(promptsPerPass >= 1, "prompts_per_pass", promptsPerPass, "1 or more");
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
   * @param prompts number of masks: one for each class found in an image, or those that got a name
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
   * @throws org.samclip.UserError if no pixel counts or a label has no class
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
   * @throws org.samclip.UserError if no pixel counts or a label has no class
   */
  public static Map<Background, Result> run(
      TwoHeadModel model,
      EvaluationSet<LabelMapFolder.Item> set,
      Options options,
      Set<Background> backgrounds) {
    int side = options.side() == 0 ? model.imageSide() : options.side();
    SamPreprocess preprocess = new SamPreprocess(side, model.normalisation());
    SampleBatches<LabelMapFolder.Item> batches =
        new SampleBatches<>(set, options.batch(), options.maxImages());
    Map<Background, Counted> counted = new EnumMap<>(Background.class);
    try (Autograd off = Autograd.disabled();
        NDManager manager = LibTorch.newManager(model.device())) {
      for (Background background : backgrounds) {
        DenseTask task = new DenseTask(set.classes(), LabelMapFolder.IGNORE, background);
        // Its texts live as long as the manager.
        TextClassifier classifier =
            TextClassifier.of(manager, model, task.namedClasses(), options.templates());
        Composer composer =
            options.composing().composer(model, task, classifier, side, options.promptsPerPass());
        counted.put(background, new Counted(composer, task));
      }
      batches.forEach(
          manager,
          side,
          sample -> preprocess.apply(sample.image()),
          (batch, images) -> {
            HeadFeatures features = model.features(images);
            for (int i = 0; i < batch.size(); i++) {
              LabelMapFolder.Item sample = batch.get(i);
              SamPreprocess.Frame frame =
                  preprocess.frame(sample.image().width(), sample.image().height());
              for (Counted one : counted.values()) {
                try (NDManager own = images.getManager().newSubManager()) {
                  one.add(sample, features.one(i, own), frame);
                }
              }
            }
          });
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

    private final Composer composer;
    private final DenseCounts counts;
    private long prompts;

    Counted(Composer composer, DenseTask task) {
      this.composer = composer;
      this.counts = new DenseCounts(task);
    }

    void add(LabelMapFolder.Item sample, HeadFeatures features, SamPreprocess.Frame frame) {
      LabelMap target = sample.labels();
      Composition composition = composer.compose(features, frame, target.height(), target.width());
      counts.add(sample.key(), target, composition.labels());
      prompts += composition.parts().size();
    }
  }
}
