package org.samclip.eval.segment;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.samclip.UserError;
import org.samclip.data.source.EvaluationSet;
import org.samclip.data.source.LabelMapFolder;
import org.samclip.data.transform.LabelMap;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.eval.ArgMaxMap;
import org.samclip.eval.Background;
import org.samclip.eval.DenseTask;
import org.samclip.eval.ImageBatch;
import org.samclip.eval.SampleBatches;
import org.samclip.eval.metric.ConfusionMatrix;
import org.samclip.eval.metric.SegmentationScores;
import org.samclip.eval.segment.ScorePrompts.Candidate;
import org.samclip.eval.zeroshot.PromptTemplates;
import org.samclip.eval.zeroshot.TextClassifier;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.Kernels;
import org.samclip.kernel.LibTorch;
import org.samclip.model.SamClip;
import org.samclip.sam.Prompts;
import org.samclip.sam.Sam;

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
            try (NDManager one = step.newSubManager()) {
              Composer composer =
                  new Composer(
                      model,
                      options,
                      task,
                      side,
                      preprocess.frame(sample.image().width(), sample.image().height()),
                      one);
              NDArray embedding = features.neck().get("{}:{}", i, i + 1);
              embedding.attach(one);
              int[] prediction = composer.predict(embedding, maps.get(i), sample.labels());
              task.count(matrix, sample.key(), sample.labels(), prediction);
              prompts += composer.prompts;
            }
          }
        }
      }
    }
    batches.requireSome(matrix.pixels(), "labelled pixel");
    SegmentationScores scores = matrix.scores();
    return new Result(scores.miou(), scores, side, batches.used(), batches.skipped(), prompts);
  }

  /** Composes one image. */
  private static final class Composer {

    private final TwoHeadModel model;
    private final Options options;
    private final DenseTask task;
    private final int side;
    private final SamPreprocess.Frame frame;
    private final NDManager manager;
    private int prompts;

    Composer(
        TwoHeadModel model,
        Options options,
        DenseTask task,
        int side,
        SamPreprocess.Frame frame,
        NDManager manager) {
      this.model = model;
      this.options = options;
      this.task = task;
      this.side = side;
      this.frame = frame;
      this.manager = manager;
    }

    /**
     * @param embedding {@code [1, C, h, w]}
     * @param map {@code [K, h, w]} cosines of the named classes
     * @param target label map whose size is wanted
     * @return labels in row-major order
     */
    int[] predict(NDArray embedding, NDArray map, LabelMap target) {
      int rows = (int) map.getShape().get(1);
      int columns = (int) map.getShape().get(2);
      // A token is of the image when its centre is.
      ScorePrompts scores =
          new ScorePrompts(
              rows,
              columns,
              Math.max(1, Math.round((float) frame.height() * rows / side)),
              Math.max(1, Math.round((float) frame.width() * columns / side)),
              options);
      boolean hasBackground = task.background() >= 0;
      List<Candidate> candidates =
          scores.candidates(map.toFloatArray(), namedBackground(), hasBackground);
      prompts = candidates.size();

      List<Integer> labels = new ArrayList<>();
      try (ArgMaxMap highest = new ArgMaxMap(manager, target.height(), target.width())) {
        if (hasBackground) {
          labels.add(task.background());
          highest.add(manager.zeros(new Shape(1, target.height(), target.width())));
        }
        for (int from = 0; from < candidates.size(); from += options.promptsPerPass()) {
          List<Candidate> pass =
              candidates.subList(
                  from, Math.min(candidates.size(), from + options.promptsPerPass()));
          NDArray logits = decode(embedding, pass, rows, columns);
          for (int i = 0; i < pass.size(); i++) {
            labels.add(task.label(pass.get(i).position()));
            try (NDManager step = manager.newSubManager()) {
              NDArray one = logits.get("{}:{}", i, i + 1);
              one.attach(step);
              highest.add(
                  Sam.postprocess(
                          one, side, frame.height(), frame.width(), target.height(), target.width())
                      .squeeze(0));
            }
          }
        }
        return Arrays.stream(highest.channels()).map(labels::get).toArray();
      }
    }

    private int namedBackground() {
      if (task.background() < 0 || !task.namesBackground()) {
        return -1;
      }
      int position = 0;
      while (task.label(position) != task.background()) {
        position++;
      }
      return position;
    }

    /** Mask logits {@code [P, 1, 4 h, 4 w]} of the candidates. */
    private NDArray decode(NDArray embedding, List<Candidate> pass, int rows, int columns) {
      int count = pass.size();
      int tokens = rows * columns;
      int most = pass.stream().mapToInt(c -> c.tokens().size()).max().orElse(0);
      float[] logits = new float[count * tokens];
      float[] xy = new float[count * most * 2];
      long[] labels = new long[count * most];
      Arrays.fill(labels, -1);
      for (int p = 0; p < count; p++) {
        Candidate candidate = pass.get(p);
        System.arraycopy(candidate.logits(), 0, logits, p * tokens, tokens);
        for (int n = 0; n < candidate.tokens().size(); n++) {
          int token = candidate.tokens().get(n);
          // Pixels are counted from their centres, so the middle of 16 pixels is 7.5.
          xy[(p * most + n) * 2] = (token % columns + .5f) * side / columns - .5f;
          xy[(p * most + n) * 2 + 1] = (token / columns + .5f) * side / rows - .5f;
          labels[p * most + n] = 1;
        }
      }
      // The SAM head takes mask prompts of four times its grid.
      long height = 4 * embedding.getShape().get(2);
      long width = 4 * embedding.getShape().get(3);
      NDArray masks =
          Kernels.resize(
                  manager.create(logits, new Shape(count, 1, rows, columns)),
                  height,
                  width,
                  Kernels.Resize.BILINEAR)
              .reshape(1, count, 1, height, width);
      Prompts prompts =
          most == 0
              ? new Prompts(null, null, null, masks)
              : new Prompts(
                  manager.create(xy, new Shape(1, count, most, 2)),
                  manager.create(labels, new Shape(1, count, most)),
                  null,
                  masks);
      NDArray predicted = model.masks(embedding, prompts).single().logits();
      return predicted.reshape(count, 1, predicted.getShape().get(3), predicted.getShape().get(4));
    }
  }
}
