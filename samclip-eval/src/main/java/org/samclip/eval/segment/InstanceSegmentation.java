package org.samclip.eval.segment;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.samclip.data.BadAnnotation;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.source.CocoInstances;
import org.samclip.data.source.EvaluationSet;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.eval.InvalidOption;
import org.samclip.eval.SampleBatches;
import org.samclip.eval.metric.MaskIou;
import org.samclip.eval.metric.RatioScores;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How well a model draws objects that it is pointed at: one prompt per annotated object, made from
 * its mask, and the mean IoU of the drawn and the true mask at the image's original size.
 */
public final class InstanceSegmentation {

  private static final Logger LOG = LoggerFactory.getLogger(InstanceSegmentation.class);

  private InstanceSegmentation() {}

  /** What the model is given of each object. */
  public enum Prompt {
    /** Its annotated box; the model's single mask counts. */
    BOX,
    /**
     * The pixel deepest inside its mask; of the model's three masks that counts for which it
     * predicts the highest IoU.
     */
    POINT
  }

  /**
   * How it is measured.
   *
   * @param prompts what the model is given, each in turn; at least one
   * @param side S in pixels (paper: 1024); 0 for the model's own
   * @param batch images at once
   * @param maxImages most images, spread over the set; 0 for all
   * @param promptsPerPass prompts that are decoded at once
   * @param refine whether the first mask is fed back with the prompt once (SAM's own protocol)
   */
  public record Options(
      List<Prompt> prompts,
      int side,
      int batch,
      int maxImages,
      int promptsPerPass,
      boolean refine) {

    /** Checks the prompts. */
    public Options {
      prompts = List.copyOf(prompts);
      InvalidOption.check(!prompts.isEmpty(), "prompts", prompts, "at least one of box, point");
      InvalidOption.check(promptsPerPass >= 1, "prompts_per_pass", promptsPerPass, "1 or more");
    }
  }

  /**
   * What was found.
   *
   * @param iou by prompt: mean IoU over the objects, kept per image
   * @param refined whether the first mask was fed back
   * @param side S in pixels
   * @param objects number of objects measured
   * @param images number of images measured
   * @param skippedObjects number of crowds and empty masks, and of annotations that cannot be used
   * @param badAnnotations the last by what is wrong with them
   * @param skipped number of broken images
   */
  public record Result(
      Map<Prompt, RatioScores> iou,
      boolean refined,
      int side,
      long objects,
      int images,
      int skippedObjects,
      Map<BrokenSampleException.Kind, Integer> badAnnotations,
      int skipped) {

    /**
     * @param prompt one of those the model was given
     * @return mean IoU over the objects, 0 to 1
     */
    public double miou(Prompt prompt) {
      return iou.get(prompt).value();
    }
  }

  /**
   * Measures a model.
   *
   * @param model the model
   * @param set images with the masks of their objects
   * @param options how
   * @return the result
   * @throws org.samclip.UserError if there is no usable object
   */
  public static Result run(
      PromptedMaskModel model, EvaluationSet<CocoInstances.Item> set, Options options) {
    return run(model, set, options, SingleMaskListener.NONE);
  }

  /**
   * Measures a model.
   *
   * @param model the model
   * @param set images with the masks of their objects
   * @param options how
   * @param listener hears the single mask of every prompt
   * @return the result
   * @throws org.samclip.UserError if there is no usable object
   */
  public static Result run(
      PromptedMaskModel model,
      EvaluationSet<CocoInstances.Item> set,
      Options options,
      SingleMaskListener listener) {
    int side = options.side() == 0 ? model.imageSide() : options.side();
    SamPreprocess preprocess = new SamPreprocess(side, model.normalisation());
    SampleBatches<CocoInstances.Item> batches =
        new SampleBatches<>(set, options.batch(), options.maxImages());
    Map<Prompt, RatioScores.Builder> ious = new EnumMap<>(Prompt.class);
    options.prompts().forEach(prompt -> ious.put(prompt, new RatioScores.Builder()));
    Counts counts = new Counts(set.name());
    try (Autograd off = Autograd.disabled();
        NDManager manager = LibTorch.newManager(model.device())) {
      batches.forEach(
          manager,
          side,
          sample -> preprocess.apply(sample.image()),
          (batch, images) -> {
            NDArray embeddings = model.encodeImages(images);
            for (int i = 0; i < batch.size(); i++) {
              CocoInstances.Item sample = batch.get(i);
              ious.values().forEach(one -> one.image(sample.key()));
              listener.onImage(sample.key());
              List<CocoInstances.Instance> objects = counts.usable(sample);
              SamPreprocess.Frame frame =
                  preprocess.frame(sample.image().width(), sample.image().height());
              for (int from = 0; from < objects.size(); from += options.promptsPerPass()) {
                int to = Math.min(objects.size(), from + options.promptsPerPass());
                for (Prompt prompt : options.prompts()) {
                  try (NDManager pass = images.getManager().newSubManager()) {
                    NDArray embedding = embeddings.get("{}:{}", i, i + 1);
                    embedding.attach(pass);
                    new Drawer(
                            new EncodedImage(model, side, frame, embedding),
                            prompt,
                            options.refine(),
                            listener)
                        .measure(objects.subList(from, to), ious.get(prompt));
                  }
                }
              }
            }
          });
    }
    batches.requireSome(counts.measured, "object");
    Map<Prompt, RatioScores> found = new EnumMap<>(Prompt.class);
    ious.forEach((prompt, one) -> found.put(prompt, one.build()));
    return new Result(
        found,
        options.refine(),
        side,
        counts.measured,
        batches.used(),
        counts.skipped,
        counts.bad,
        batches.skipped());
  }

  /** What was measured, and what could not be. */
  private static final class Counts {

    private final String set;
    private final Map<BrokenSampleException.Kind, Integer> bad =
        new EnumMap<>(BrokenSampleException.Kind.class);
    private long measured;
    private int skipped;

    Counts(String set) {
      this.set = set;
    }

    /** The objects of an image that have a mask of their own. */
    List<CocoInstances.Instance> usable(CocoInstances.Item sample) {
      List<CocoInstances.Instance> objects =
          sample.instances().stream().filter(o -> !o.crowd() && o.mask().area() > 0).toList();
      measured += objects.size();
      skipped += sample.instances().size() - objects.size() + sample.bad().size();
      sample.bad().forEach(this::add);
      return objects;
    }

    private void add(BadAnnotation annotation) {
      if (bad.merge(annotation.kind(), 1, Integer::sum) == 1) {
        LOG.warn(
            "{}: an annotation is skipped, as will be others like it: {}",
            set,
            annotation.message());
      }
    }
  }

  /** Draws some objects of one image. */
  private record Drawer(
      EncodedImage image, Prompt prompt, boolean refine, SingleMaskListener listener) {

    void measure(List<CocoInstances.Instance> objects, RatioScores.Builder ious) {
      Prompts prompts = prompts(objects);
      Masks all = image.decode(prompts);
      boolean singleCounts = prompt == Prompt.BOX && !refine;
      if (!singleCounts && listener != SingleMaskListener.NONE) {
        tell(EncodedImage.best(all.single()), objects.get(0).mask());
      }
      List<EncodedImage.Chosen> drawn =
          EncodedImage.best(prompt == Prompt.POINT ? all.multi() : all.single());
      if (refine) {
        NDList first = new NDList();
        drawn.forEach(one -> first.add(one.logits()));
        Prompts again =
            new Prompts(
                prompts.points(),
                prompts.labels(),
                prompts.boxes(),
                NDArrays.concat(first).expandDims(0));
        drawn = EncodedImage.best(image.decode(again).single());
      }
      for (int p = 0; p < objects.size(); p++) {
        RunLengthMask truth = objects.get(p).mask();
        try (NDManager step = image.embedding().getManager().newSubManager()) {
          NDArray one = drawn.get(p).logits();
          one.attach(step);
          NDArray full = image.atSize(one, truth.height(), truth.width());
          ious.add(MaskIou.of(EncodedImage.inside(full), truth.decode()));
          if (singleCounts) {
            listener.onMask(one, full);
          }
        }
      }
    }

    /** Before any refinement: what the prompt alone brought. */
    private void tell(List<EncodedImage.Chosen> single, RunLengthMask size) {
      for (EncodedImage.Chosen chosen : single) {
        try (NDManager step = image.embedding().getManager().newSubManager()) {
          NDArray one = chosen.logits();
          one.attach(step);
          listener.onMask(one, image.atSize(one, size.height(), size.width()));
        }
      }
    }

    private Prompts prompts(List<CocoInstances.Instance> objects) {
      return prompt == Prompt.BOX
          ? image.boxes(objects.stream().map(Drawer::box).toList())
          : image.points(
              objects.stream().map(object -> deepest(object.mask())).toList(),
              Collections.nCopies(objects.size(), new long[] {1}));
    }

    private static double[] box(CocoInstances.Instance object) {
      double x = object.box().get(0);
      double y = object.box().get(1);
      return new double[] {x, y, x + object.box().get(2), y + object.box().get(3)};
    }

    private static double[] deepest(RunLengthMask mask) {
      DeepestPoint.Pixel pixel = DeepestPoint.of(mask.decode(), mask.height(), mask.width());
      return new double[] {pixel.x(), pixel.y()};
    }
  }
}
