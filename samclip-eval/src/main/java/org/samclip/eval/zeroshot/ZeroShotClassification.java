package org.samclip.eval.zeroshot;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.samclip.UserError;
import org.samclip.data.source.ClassFolders;
import org.samclip.data.source.EvaluationSet;
import org.samclip.data.transform.ClipPreprocess;
import org.samclip.eval.ImageBatch;
import org.samclip.eval.SampleBatches;
import org.samclip.eval.metric.TopK;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;

/**
 * Zero-shot classification as CLIP does it (Radford et al. 2021, section 3.1): shortest side to S,
 * centre crop, cosine with the embedding of every class name.
 */
public final class ZeroShotClassification {

  private ZeroShotClassification() {}

  /**
   * How it is measured.
   *
   * @param side S in pixels (paper: 224 and 336); 0 for the model's own
   * @param batch images at once
   * @param maxImages most images, spread over the set; 0 for all
   * @param templates sentences for the class names
   */
  public record Options(int side, int batch, int maxImages, PromptTemplates templates) {}

  /**
   * What was found.
   *
   * @param top1 share of the images whose class scores highest, 0 to 1
   * @param top5 share of the images whose class is among the five highest, 0 to 1
   * @param side S in pixels
   * @param classes number of classes
   * @param images number of images measured
   * @param skipped number of broken images
   */
  public record Result(double top1, double top5, int side, int classes, int images, int skipped) {}

  /**
   * Measures a model.
   *
   * @param model the model
   * @param set the images and the names of their classes
   * @param options how
   * @return the result
   * @throws UserError if there is no usable image
   */
  public static Result run(
      ImageTextModel model, EvaluationSet<ClassFolders.Item> set, Options options) {
    List<String> classes = set.classes();
    int side = options.side() == 0 ? model.imageSide() : options.side();
    ClipPreprocess preprocess = new ClipPreprocess(side, model.normalisation());
    SampleBatches<ClassFolders.Item> batches =
        new SampleBatches<>(set, options.batch(), options.maxImages());
    TopK topK = new TopK(1, 5);
    try (Autograd off = Autograd.disabled();
        NDManager manager = LibTorch.newManager(model.device());
        TextClassifier classifier =
            TextClassifier.of(manager, model, classes, options.templates())) {
      for (List<ClassFolders.Item> batch = batches.next();
          !batch.isEmpty();
          batch = batches.next()) {
        try (NDManager step = manager.newSubManager()) {
          NDArray images =
              ImageBatch.of(
                  step, batch.stream().map(s -> preprocess.apply(s.image())).toList(), side);
          NDArray scores = classifier.scores(model.embedImages(images));
          int[] labels = batch.stream().mapToInt(ClassFolders.Item::label).toArray();
          topK.add(scores.toFloatArray(), classes.size(), labels);
        }
      }
    }
    batches.requireSome(topK.count(), "image");
    return new Result(
        topK.accuracy(1),
        topK.accuracy(5),
        side,
        classes.size(),
        batches.used(),
        batches.skipped());
  }
}
