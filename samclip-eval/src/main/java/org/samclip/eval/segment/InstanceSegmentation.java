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
   * @param prompt what the model is given
   * @param side S in pixels (paper: 1024); 0 for the model's own
   * @param batch images at once
   * @param maxImages most images, spread over the set; 0 for all
   * @param promptsPerPass prompts that are decoded at once
   * @param refine whether the first mask is fed back with the prompt once (SAM's own protocol)
   */
  public record Options(
      Prompt prompt, int side, int batch, int maxImages, int promptsPerPass, boolean refine) {

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
   * @param miou mean IoU over the objects, 0 to 1
   * @param prompt what the model was given
   * @param refined whether the first mask was fed back
   * @param side S in pixels
   * @param objects number of objects measured
   * @param images number of images measured
   * @param skippedObjects number of crowds and empty masks, and of annotations that cannot be used
   * @param badAnnotations the last by what is wrong with them
   * @param skipped number of broken images
   */
  public record Result(
      double miou,
      Prompt prompt,
      boolean refined,
      int side,
      long objects,
      int images,
      int skippedObjects,
      Map<BrokenSampleException.Kind, Integer> badAnnotations,
      int skipped) {}

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
    int side = options.side() == 0 ? model.imageSide() : options.side();
    SamPreprocess preprocess = new SamPreprocess(side, model.normalisation());
    SampleBatches<CocoInstances.Item> batches =
        new SampleBatches<>(set, options.batch(), options.maxImages());
    MaskIou ious = new MaskIou();
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
            List<CocoInstances.Instance> objects =
                sample.instances().stream().filter(o -> !o.crowd() && o.mask().area() > 0).toList();
            skippedObjects += sample.instances().size() - objects.size() + sample.bad().size();
            sample.bad().forEach(annotation -> count(set.name(), annotation, bad));
            SamPreprocess.Frame frame =
                preprocess.frame(sample.image().width(), sample.image().height());
            for (int from = 0; from < objects.size(); from += options.promptsPerPass()) {
              int to = Math.min(objects.size(), from + options.promptsPerPass());
              try (NDManager pass = step.newSubManager()) {
                NDArray embedding = embeddings.get("{}:{}", i, i + 1);
                embedding.attach(pass);
                Drawer drawer = new Drawer(model, options, side, frame, pass);
                drawer.measure(embedding, objects.subList(from, to), ious);
              }
            }
          }
        }
      }
    }
    batches.requireSome(ious.count(), "object");
    return new Result(
        ious.mean(),
        options.prompt(),
        options.refine(),
        side,
        ious.count(),
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
      Options options,
      int side,
      SamPreprocess.Frame frame,
      NDManager manager) {

    void measure(NDArray embedding, List<CocoInstances.Instance> objects, MaskIou ious) {
      Prompts prompts = prompts(objects);
      Masks all = model.masks(embedding, prompts);
      List<NDArray> drawn =
          chosen(options.prompt() == Prompt.POINT ? all.multi() : all.single(), objects.size());
      if (options.refine()) {
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
          NDArray mask =
              Sam.postprocess(
                      one, side, frame.height(), frame.width(), truth.height(), truth.width())
                  .gt(0);
          ious.add(mask.toType(DataType.INT8, false).toByteArray(), truth.decode());
        }
      }
    }

    private Prompts prompts(List<CocoInstances.Instance> objects) {
      List<double[]> coordinates = new ArrayList<>();
      for (CocoInstances.Instance object : objects) {
        coordinates.add(
            frame.toInput(options.prompt() == Prompt.BOX ? box(object) : deepest(object.mask())));
      }
      int width = coordinates.get(0).length;
      float[] flat = new float[objects.size() * width];
      for (int i = 0; i < flat.length; i++) {
        flat[i] = (float) coordinates.get(i / width)[i % width];
      }
      return options.prompt() == Prompt.BOX
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
