package org.samclip.eval.protocol;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.samclip.UserError;
import org.samclip.clip.DenseForm;
import org.samclip.data.source.ClassFolders;
import org.samclip.data.source.CocoInstances;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.LabelMapFolder;
import org.samclip.eval.Background;
import org.samclip.eval.adapter.OpenModel;
import org.samclip.eval.metric.SegmentationScores;
import org.samclip.eval.segment.CompositionSettings;
import org.samclip.eval.segment.HeadComposition;
import org.samclip.eval.segment.InstanceSegmentation;
import org.samclip.eval.zeroshot.PromptTemplates;
import org.samclip.eval.zeroshot.SemanticSegmentation;
import org.samclip.eval.zeroshot.ZeroShotClassification;

/**
 * One protocol on one data set. What is not asked for has the value of the recipe's defaults.
 *
 * @param task what is measured
 * @param data {@link Task#CLASSIFY}: class folders; {@link Task#SEMANTIC} and {@link Task#COMPOSE}:
 *     folder of images and label maps; {@link Task#INSTANCE}: COCO's JSON
 * @param images folder of the images of {@link Task#INSTANCE}; null: {@code images} beside the JSON
 * @param side of the square input in pixels; 0 for the model's own
 * @param maxImages most images, spread over the set; 0 for all
 * @param prompt what the model is given of each object of {@link Task#INSTANCE}
 * @param templates sentences for the class names
 * @param background what is done with a class named "background"
 * @param composing how both heads work together in {@link Task#COMPOSE}; its temperature and
 *     threshold also say what background by threshold is
 * @param dense how a patch gets its feature in {@link Task#SEMANTIC} if the model is a CLIP
 */
public record ProtocolRun(
    Task task,
    Path data,
    Path images,
    int side,
    int maxImages,
    InstanceSegmentation.Prompt prompt,
    PromptTemplates templates,
    Background background,
    CompositionSettings composing,
    DenseForm dense) {

  private static final int BATCH = 8;
  private static final int PROMPTS_PER_PASS = 64;

  /** What can be measured. */
  public enum Task {
    /** Zero-shot classification. */
    CLASSIFY,
    /** Semantic segmentation by patch features. */
    SEMANTIC,
    /** Masks of objects from points or boxes. */
    INSTANCE,
    /** Semantic segmentation by both heads. */
    COMPOSE
  }

  /** Checks the numbers and the folder of images. */
  public ProtocolRun {
    if (side < 0) {
      throw new UserError("side: " + side + " found; allowed: 0 for the model's own, or above");
    }
    if (maxImages < 0) {
      throw new UserError("max_images: " + maxImages + " found; allowed: 0 for all, or above");
    }
    if (images != null && task != Task.INSTANCE) {
      throw new UserError("images: only the task instance takes a folder of images");
    }
  }

  /**
   * Measures a model.
   *
   * @param model any model that can do the task
   * @return the result
   * @throws UserError if the model cannot, or the data are not as they should be
   */
  public ProtocolResult run(OpenModel model) {
    if (side % model.patch() != 0) {
      int nearest = Math.max(1, Math.round((float) side / model.patch())) * model.patch();
      throw new UserError(
          "side: "
              + side
              + " is not a multiple of the patch "
              + model.patch()
              + " of "
              + model.file()
              + "; try "
              + nearest);
    }
    return switch (task) {
      case CLASSIFY -> classify(model);
      case SEMANTIC -> semantic(model);
      case INSTANCE -> instance(model);
      case COMPOSE -> compose(model);
    };
  }

  private ProtocolResult classify(OpenModel model) {
    var comparing = model.imageText("task classify");
    ClassFolders set = new ClassFolders(data, DataLimits.DEFAULT);
    ZeroShotClassification.Result found =
        ZeroShotClassification.run(
            comparing, set, new ZeroShotClassification.Options(side, BATCH, maxImages, templates));
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("top1", found.top1());
    values.put("top5", found.top5());
    values.put("classes", found.classes());
    counts(values, found.side(), found.images(), found.skipped());
    return result(model, values, Map.of());
  }

  private ProtocolResult semantic(OpenModel model) {
    var comparing = model.imageText("task semantic", dense);
    LabelMapFolder set = new LabelMapFolder(data, DataLimits.DEFAULT);
    SemanticSegmentation.Result found =
        SemanticSegmentation.run(
            comparing,
            set,
            new SemanticSegmentation.Options(
                side,
                BATCH,
                maxImages,
                templates,
                background,
                composing.scores().temperature(),
                composing.scores().threshold()));
    Map<String, Object> values = scores(found.scores());
    counts(values, found.side(), found.images(), found.skipped());
    return result(model, values, perClass(set.classes(), found.scores()));
  }

  private ProtocolResult compose(OpenModel model) {
    var heads = model.twoHeads("task compose");
    LabelMapFolder set = new LabelMapFolder(data, DataLimits.DEFAULT);
    HeadComposition.Result found =
        HeadComposition.run(
            heads,
            set,
            new HeadComposition.Options(
                side, BATCH, maxImages, templates, background, composing, PROMPTS_PER_PASS));
    Map<String, Object> values = scores(found.scores());
    values.put("form", composing.form().name().toLowerCase(Locale.ROOT));
    values.put("prompts", found.prompts());
    counts(values, found.side(), found.images(), found.skipped());
    return result(model, values, perClass(set.classes(), found.scores()));
  }

  private ProtocolResult instance(OpenModel model) {
    var drawing = model.masks("task instance");
    Path folder = images != null ? images : data.resolveSibling("images");
    CocoInstances set = new CocoInstances(data, folder, DataLimits.DEFAULT);
    InstanceSegmentation.Result found =
        InstanceSegmentation.run(
            drawing,
            set,
            new InstanceSegmentation.Options(
                prompt, side, BATCH, maxImages, PROMPTS_PER_PASS, false));
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("miou", found.miou());
    values.put("prompt", found.prompt().name().toLowerCase(Locale.ROOT));
    values.put("objects", found.objects());
    values.put("skipped_objects", found.skippedObjects());
    counts(values, found.side(), found.images(), found.skipped());
    return result(model, values, Map.of());
  }

  private static Map<String, Object> scores(SegmentationScores scores) {
    Map<String, Object> values = new LinkedHashMap<>();
    values.put("miou", scores.miou());
    values.put("pixel_accuracy", scores.pixelAccuracy());
    values.put("mean_class_accuracy", scores.meanClassAccuracy());
    values.put("pixels", scores.pixels());
    return values;
  }

  private static Map<String, Double> perClass(List<String> classes, SegmentationScores scores) {
    Map<String, Double> iou = new LinkedHashMap<>();
    for (int i = 0; i < classes.size(); i++) {
      iou.put(classes.get(i), scores.iou().get(i));
    }
    return iou;
  }

  private static void counts(Map<String, Object> values, int side, int images, int skipped) {
    values.put("side", side);
    values.put("images", images);
    values.put("skipped_images", skipped);
  }

  private ProtocolResult result(
      OpenModel model, Map<String, Object> values, Map<String, Double> classIou) {
    return new ProtocolResult(
        model.file().toString(), model.kind(), task, data.toString(), values, classIou);
  }
}
