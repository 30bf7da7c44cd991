package org.samclip.eval.zeroshot;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.samclip.UserError;
import org.samclip.data.source.ClassFolders;
import org.samclip.data.source.EvaluationSet;
import org.samclip.data.transform.ClipPreprocess;
import org.samclip.eval.SampleBatches;
import org.samclip.eval.metric.RatioScores;
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
   * @param top1 share of the images whose class scores highest
   * @param top5 share of the images whose class is among the five highest
   * @param labels class of each image, in their order
   * @param side S in pixels
   * @param classes number of classes
   * @param images number of images measured
   * @param skipped number of broken images
   */
  public record Result(
      RatioScores top1,
      RatioScores top5,
      List<Integer> labels,
      int side,
      int classes,
      int images,
      int skipped) {

    /**
     * Top-1 on the images of some classes; the choice is still among all.
     *
     * @param chosen says of a label whether its images count
     * @return the scores of those images
     */
    public RatioScores top1(IntPredicate chosen) {
      return top1.only(image -> chosen.test(labels.get(image)));
    }
  }

  /** Hears the embeddings of the images as they pass. */
  @FunctionalInterface
  public interface EmbeddingListener {

    /**
     * @param keys what the images are called
     * @param embeddings {@code [B, E]} float32, each row of L2 norm 1; closed afterwards
     */
    void onEmbeddings(List<String> keys, NDArray embeddings);
  }

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
    return run(model, set, options, (keys, embeddings) -> {});
  }

  /**
   * Measures a model.
   *
   * @param model the model
   * @param set the images and the names of their classes
   * @param options how
   * @param listener hears the embeddings of the images
   * @return the result
   * @throws UserError if there is no usable image
   */
  public static Result run(
      ImageTextModel model,
      EvaluationSet<ClassFolders.Item> set,
      Options options,
      EmbeddingListener listener) {
    List<String> classes = set.classes();
    int side = options.side() == 0 ? model.imageSide() : options.side();
    ClipPreprocess preprocess = new ClipPreprocess(side, model.normalisation());
    SampleBatches<ClassFolders.Item> batches =
        new SampleBatches<>(set, options.batch(), options.maxImages());
    TopK topK = new TopK(1, 5);
    RatioScores.Builder top1 = new RatioScores.Builder();
    RatioScores.Builder top5 = new RatioScores.Builder();
    List<Integer> allLabels = new ArrayList<>();
    try (Autograd off = Autograd.disabled();
        NDManager manager = LibTorch.newManager(model.device());
        TextClassifier classifier =
            TextClassifier.of(manager, model, classes, options.templates())) {
      batches.forEach(
          manager,
          side,
          sample -> preprocess.apply(sample.image()),
          (batch, images) -> {
            NDArray embeddings = model.embedImages(images);
            NDArray scores = classifier.scores(embeddings);
            int[] labels = batch.stream().mapToInt(ClassFolders.Item::label).toArray();
            int[] ranks = topK.add(scores.toFloatArray(), classes.size(), labels);
            for (int i = 0; i < ranks.length; i++) {
              top1.image(batch.get(i).key());
              top1.add(ranks[i] < 1 ? 1 : 0);
              top5.image(batch.get(i).key());
              top5.add(ranks[i] < 5 ? 1 : 0);
              allLabels.add(labels[i]);
            }
            listener.onEmbeddings(batch.stream().map(ClassFolders.Item::key).toList(), embeddings);
          });
    }
    batches.requireSome(topK.count(), "image");
    return new Result(
        top1.build(),
        top5.build(),
        List.copyOf(allLabels),
        side,
        classes.size(),
        batches.used(),
        batches.skipped());
  }
}
