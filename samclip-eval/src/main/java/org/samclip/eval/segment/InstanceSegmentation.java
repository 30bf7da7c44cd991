package org.samclip.eval.segment;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.samclip.UserError;
import org.samclip.data.BadAnnotation;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.source.CocoInstances;
import org.samclip.data.source.EvaluationSet;
import org.samclip.data.transform.SamPreprocess;
import org.samclip.eval.ImageBatch;
import org.samclip.eval.SampleBatches;
import org.samclip.eval.metric.MaskIou;
import org.samclip.eval.metric.RatioScores;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;
import org.samclip.sam.Sam;
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
      if (promptsPerPass < 1) {
        throw new UserError("prompts_per_pass: " + promptsPerPass + " found, at least 1 is needed");
      }
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
   * @throws UserError if there is no usable object
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
   * @throws UserError if there is no usable object
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
    long measured = 0;
    int skippedObjects = 0;
    Map<BrokenSampleException.Kind, Integer> bad = new EnumMap<>(BrokenSampleException.Kind.class);
    try (Autograd off = Autograd.disabled();
        NDManager manager = LibTorch.newManager(model.device())) {
      for (List<CocoInstances.Item> batch = batches.next();
          !batch.isEmpty();
          batch = batches.next()) {
        try (NDManager step = manager.newSubManager()) {
          NDArray images =
              ImageBatch.of(
                  step, batch.stream().map(s -> preprocess.apply(s.image())).toList(), side);
          NDArray embeddings = model.encodeImages(images);
          for (int i = 0; i < batch.size(); i++) {
            CocoInstances.Item sample = batch.get(i);
            ious.values().forEach(one -> one.image(sample.key()));
            listener.onImage(sample.key());
            List<CocoInstances.Instance> objects =
                sample.instances().stream().filter(o -> !o.crowd() && o.mask().area() > 0).toList();
            measured += objects.size();
            skippedObjects += sample.instances().size() - objects.size() + sample.bad().size();
            sample.bad().forEach(annotation -> count(set.name(), annotation, bad));
            SamPreprocess.Frame frame =
                preprocess.frame(sample.image().width(), sample.image().height());
            for (int from = 0; from < objects.size(); from += options.promptsPerPass()) {
              int to = Math.min(objects.size(), from + options.promptsPerPass());
              for (Prompt prompt : options.prompts()) {
                try (NDManager pass = step.newSubManager()) {
                  NDArray embedding = embeddings.get("{}:{}", i, i + 1);
                  embedding.attach(pass);
                  new Drawer(model, prompt, options.refine(), side, frame, pass, listener)
                      .measure(embedding, objects.subList(from, to), ious.get(prompt));
                }
              }
            }
          }
        }
      }
    }
    batches.requireSome(measured, "object");
    Map<Prompt, RatioScores> found = new EnumMap<>(Prompt.class);
    ious.forEach((prompt, one) -> found.put(prompt, one.build()));
    return new Result(
        found,
        options.refine(),
        side,
        measured,
        batches.used(),
        skippedObjects,
        bad,
        batches.skipped());
  }

  private static void count(
      String set, BadAnnotation annotation, Map<BrokenSampleException.Kind, Integer> bad) {
    if (bad.merge(annotation.kind(), 1, Integer::sum) == 1) {
      LOG.warn(
          "{}: an annotation is skipped, as will be others like it: {}", set, annotation.message());
    }
  }

  /** Draws some objects of one image. */
  private record Drawer(
      PromptedMaskModel model,
      Prompt prompt,
      boolean refine,
      int side,
      SamPreprocess.Frame frame,
      NDManager manager,
      SingleMaskListener listener) {

    void measure(
        NDArray embedding, List<CocoInstances.Instance> objects, RatioScores.Builder ious) {
      Prompts prompts = prompts(objects);
      Masks all = model.masks(embedding, prompts);
      boolean singleCounts = prompt == Prompt.BOX && !refine;
      if (!singleCounts && listener != SingleMaskListener.NONE) {
        tell(chosen(all.single(), objects.size()), objects.get(0).mask());
      }
      List<NDArray> drawn =
          chosen(prompt == Prompt.POINT ? all.multi() : all.single(), objects.size());
      if (refine) {
        NDList first = new NDList(drawn.toArray(new NDArray[0]));
        Prompts again =
            new Prompts(
                prompts.points(),
                prompts.labels(),
                prompts.boxes(),
                NDArrays.concat(first).expandDims(0));
        drawn = chosen(model.masks(embedding, again).single(), objects.size());
      }
      for (int p = 0; p < objects.size(); p++) {
        RunLengthMask truth = objects.get(p).mask();
        try (NDManager step = manager.newSubManager()) {
          NDArray one = drawn.get(p);
          one.attach(step);
          NDArray full = atSizeOf(truth, one);
          byte[] mask = full.gt(0).toType(DataType.INT8, false).toByteArray();
          ious.add(MaskIou.of(mask, truth.decode()));
          if (singleCounts) {
            listener.onMask(one, full);
          }
        }
      }
    }

    /** Before any refinement: what the prompt alone brought. */
    private void tell(List<NDArray> single, RunLengthMask size) {
      for (NDArray one : single) {
        try (NDManager step = manager.newSubManager()) {
          one.attach(step);
          listener.onMask(one, atSizeOf(size, one));
        }
      }
    }

    private NDArray atSizeOf(RunLengthMask image, NDArray logits) {
      return Sam.postprocess(
          logits, side, frame.height(), frame.width(), image.height(), image.width());
    }

    private Prompts prompts(List<CocoInstances.Instance> objects) {
      List<double[]> coordinates = new ArrayList<>();
      for (CocoInstances.Instance object : objects) {
        coordinates.add(frame.toInput(prompt == Prompt.BOX ? box(object) : deepest(object.mask())));
      }
      int width = coordinates.get(0).length;
      float[] flat = new float[objects.size() * width];
      for (int i = 0; i < flat.length; i++) {
        flat[i] = (float) coordinates.get(i / width)[i % width];
      }
      return prompt == Prompt.BOX
          ? Prompts.boxes(manager.create(flat, new Shape(1, objects.size(), 4)))
          : Prompts.points(
              manager.create(flat, new Shape(1, objects.size(), 1, 2)),
              manager.ones(new Shape(1, objects.size(), 1), DataType.INT64));
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

    /** Of each prompt the mask {@code [1, 1, 4 h, 4 w]} of the highest predicted IoU. */
    private static List<NDArray> chosen(Masks predicted, int count) {
      float[] iou = predicted.iou().toFloatArray();
      int each = iou.length / count;
      List<NDArray> chosen = new ArrayList<>();
      for (int p = 0; p < count; p++) {
        int best = 0;
        for (int m = 1; m < each; m++) {
          if (iou[p * each + m] > iou[p * each + best]) {
            best = m;
          }
        }
        chosen.add(predicted.logits().get(":, {}, {}:{}", p, best, best + 1));
      }
      return chosen;
    }
  }
}
