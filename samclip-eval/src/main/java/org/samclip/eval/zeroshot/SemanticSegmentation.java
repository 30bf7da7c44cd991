package org.samclip.eval.zeroshot;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.samclip.data.source.EvaluationSet;
import org.samclip.data.source.LabelMapFolder;
import org.samclip.data.transform.LabelMap;
import org.samclip.data.transform.Resampling;
import org.samclip.data.transform.RgbImage;
import org.samclip.eval.ArgMaxMap;
import org.samclip.eval.Background;
import org.samclip.eval.DenseCounts;
import org.samclip.eval.DenseTask;
import org.samclip.eval.InvalidOption;
import org.samclip.eval.SampleBatches;
import org.samclip.eval.metric.ClassScores;
import org.samclip.eval.metric.SegmentationScores;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.Kernels;
import org.samclip.kernel.LibTorch;

/**
 * Zero-shot semantic segmentation by patch features (SAM-CLIP, section 4.3): the image is resized
 * to S x S without keeping its aspect, every patch is compared with every class name by cosine, the
 * scores are enlarged bilinearly to the size of the label map, and the highest wins.
 */
public final class SemanticSegmentation {

  /** Most values of enlarged score maps that exist at once: 64 MiB. */
  private static final long VALUES_AT_ONCE = 1L << 24;

  private SemanticSegmentation() {}

  /**
   * How it is measured.
   *
   * @param side S in pixels (paper: 448); 0 for the model's own
   * @param batch images at once
   * @param maxImages most images, spread over the set; 0 for all
   * @param templates sentences for the class names
   * @param background what is done with a class named "background"
   * @param temperature divisor of the cosines before the softmax of {@link Background#THRESHOLD}
   * @param threshold probability of {@link Background#THRESHOLD}, 0 to 1
   */
  public record Options(
      int side,
      int batch,
      int maxImages,
      PromptTemplates templates,
      Background background,
      double temperature,
      double threshold) {

    /** Checks the temperature and the threshold. */
    public Options {
      InvalidOption.check(temperature > 0, "temperature", temperature, "above 0");
      InvalidOption.check(threshold >= 0 && threshold <= 1, "threshold", threshold, "0 to 1");
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
   */
  public record Result(
      ClassScores perImage, SegmentationScores scores, int side, int images, int skipped) {

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
      ImageTextModel model, EvaluationSet<LabelMapFolder.Item> set, Options options) {
    Background only = options.background();
    return run(model, set, options, EnumSet.of(only)).get(only);
  }

  /**
   * Measures a model under several readings of the background, with one pass of the model for all.
   *
   * @param model the model
   * @param set images with label maps, and the names of their classes
   * @param options how; its {@code background} does not matter
   * @param backgrounds what is done with a class named "background", at least one
   * @return the results
   * @throws org.samclip.UserError if no pixel counts or a label has no class
   */
  public static Map<Background, Result> run(
      ImageTextModel model,
      EvaluationSet<LabelMapFolder.Item> set,
      Options options,
      Set<Background> backgrounds) {
    int side = options.side() == 0 ? model.imageSide() : options.side();
    Map<Background, DenseTask> tasks = new EnumMap<>(Background.class);
    Map<Background, DenseCounts> counts = new EnumMap<>(Background.class);
    for (Background background : backgrounds) {
      DenseTask task = new DenseTask(set.classes(), LabelMapFolder.IGNORE, background);
      tasks.put(background, task);
      counts.put(background, new DenseCounts(task));
    }
    SampleBatches<LabelMapFolder.Item> batches =
        new SampleBatches<>(set, options.batch(), options.maxImages());
    try (Autograd off = Autograd.disabled();
        NDManager manager = LibTorch.newManager(model.device());
        TextClassifier classifier =
            TextClassifier.of(manager, model, set.classes(), options.templates())) {
      batches.forEach(
          manager,
          side,
          sample -> input(sample.image(), side, model),
          (batch, images) -> {
            NDArray maps = classifier.scoreMaps(model.patchFeatures(images));
            for (int i = 0; i < batch.size(); i++) {
              LabelMap labels = batch.get(i).labels();
              for (Background background : backgrounds) {
                DenseTask task = tasks.get(background);
                int[] prediction =
                    predict(
                        task.named(maps.get(i)), labels.height(), labels.width(), task, options);
                counts.get(background).add(batch.get(i).key(), labels, prediction);
              }
            }
          });
    }
    Map<Background, Result> results = new EnumMap<>(Background.class);
    counts.forEach(
        (background, found) -> {
          batches.requireSome(found.pixels(), "labelled pixel");
          results.put(
              background,
              new Result(
                  found.perImage(), found.scores(), side, batches.used(), batches.skipped()));
        });
    return results;
  }

  private static float[] input(RgbImage image, int side, ImageTextModel model) {
    return model.normalisation().apply(Resampling.BICUBIC.resize(image, side, side));
  }

  /**
   * The label of every pixel.
   *
   * @param maps {@code [K, h, w]} cosines of the named classes
   * @param height rows of the result
   * @param width columns of the result
   * @param task which labels the classes have
   * @param options how the background is found
   * @return {@code [height, width]} in row-major order
   */
  public static int[] predict(
      NDArray maps, int height, int width, DenseTask task, Options options) {
    boolean hasThreshold = task.background() >= 0 && !task.namesBackground();
    NDArray channels = maps;
    if (hasThreshold) {
      NDArray shares = maps.div(options.temperature()).softmax(0);
      NDArray limit = shares.get("0:1").zerosLike().add(options.threshold());
      channels = NDArrays.concat(new NDList(limit, shares));
    }
    long count = channels.getShape().get(0);
    long atOnce = Math.max(1, VALUES_AT_ONCE / ((long) height * width));
    try (ArgMaxMap highest = new ArgMaxMap(maps.getManager(), height, width)) {
      for (long from = 0; from < count; from += atOnce) {
        NDArray piece = channels.get("{}:{}", from, Math.min(count, from + atOnce));
        try (NDArray enlarged =
            Kernels.resize(piece.expandDims(0), height, width, Kernels.Resize.BILINEAR)) {
          highest.add(enlarged.squeeze(0));
        }
      }
      int[] labels = highest.channels();
      for (int i = 0; i < labels.length; i++) {
        int position = hasThreshold ? labels[i] - 1 : labels[i];
        labels[i] = position < 0 ? task.background() : task.label(position);
      }
      return labels;
    }
  }
}
