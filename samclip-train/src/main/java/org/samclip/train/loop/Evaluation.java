package org.samclip.train.loop;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samclip.data.source.ClassFolders;
import org.samclip.data.source.CocoInstances;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.LabelMapFolder;
import org.samclip.eval.segment.HeadComposition;
import org.samclip.eval.segment.InstanceSegmentation;
import org.samclip.eval.segment.InstanceSegmentation.Prompt;
import org.samclip.eval.segment.PromptedMaskModel;
import org.samclip.eval.segment.TwoHeadModel;
import org.samclip.eval.zeroshot.ImageTextModel;
import org.samclip.eval.zeroshot.PromptTemplates;
import org.samclip.eval.zeroshot.SemanticSegmentation;
import org.samclip.eval.zeroshot.ZeroShotClassification;
import org.samclip.train.recipe.EvaluationSpec;

/** The columns of the table, measured on held-out data. */
public final class Evaluation {

  private static final int BATCH = 32;
  private static final int PROMPTS_PER_PASS = 64;

  private final EvaluationSpec spec;
  private final PromptTemplates templates;
  private final ClassFolders classes;
  private final LabelMapFolder semantic;
  private final CocoInstances instances;
  private final ClassFolders unseen;

  /**
   * @param spec what is measured
   * @param sets where the held-out sets are; what is absent is not measured
   * @param maxPixels of one image
   */
  public Evaluation(EvaluationSpec spec, EvaluationSpec.SetsSpec sets, long maxPixels) {
    this.spec = spec;
    this.templates =
        switch (spec.templates()) {
          case BRIEF -> PromptTemplates.brief();
          case OPENAI -> PromptTemplates.openAi();
        };
    DataLimits limits = new DataLimits(maxPixels, DataLimits.DEFAULT.maxMemberBytes());
    classes = sets.classes() == null ? null : new ClassFolders(Path.of(sets.classes()), limits);
    unseen = sets.unseen() == null ? null : new ClassFolders(Path.of(sets.unseen()), limits);
    semantic =
        sets.semantic() == null ? null : new LabelMapFolder(Path.of(sets.semantic()), limits);
    instances =
        sets.instances() == null
            ? null
            : new CocoInstances(Path.of(sets.instances()), Path.of(sets.images()), limits);
  }

  /**
   * @return scenes with label maps, or null: what pictures are drawn of
   */
  public LabelMapFolder semanticSet() {
    return semantic;
  }

  /**
   * @return how both heads are composed
   */
  public HeadComposition.Options composition() {
    return new HeadComposition.Options(
        spec.composed().resolution(),
        BATCH,
        spec.maxImages(),
        templates,
        spec.background(),
        spec.composed().settings(),
        PROMPTS_PER_PASS);
  }

  /**
   * @return how the CLIP head alone segments
   */
  public SemanticSegmentation.Options semantic() {
    return semantic(spec.semanticResolution());
  }

  private SemanticSegmentation.Options semantic(int side) {
    return new SemanticSegmentation.Options(
        side,
        BATCH,
        spec.maxImages(),
        templates,
        spec.background(),
        spec.composed().temperature(),
        spec.composed().threshold());
  }

  /**
   * @param model with both heads
   * @return all columns
   */
  public Map<String, Double> twoHeads(TwoHeadModel model) {
    Map<String, Double> row = new LinkedHashMap<>(prompted(model));
    row.putAll(
        imageText(model, spec.classificationResolutions().get(0), spec.semanticResolution()));
    if (semantic != null) {
      row.put("composed_miou", HeadComposition.run(model, semantic, composition()).miou());
    }
    return row;
  }

  /**
   * @param model that makes masks from prompts
   * @return point_miou and box_miou
   */
  public Map<String, Double> prompted(PromptedMaskModel model) {
    Map<String, Double> row = new LinkedHashMap<>();
    if (instances != null) {
      row.put("point_miou", instances(model, Prompt.POINT));
      row.put("box_miou", instances(model, Prompt.BOX));
    }
    return row;
  }

  private double instances(PromptedMaskModel model, Prompt prompt) {
    InstanceSegmentation.Options options =
        new InstanceSegmentation.Options(
            prompt, spec.promptedResolution(), BATCH, spec.maxImages(), PROMPTS_PER_PASS, false);
    return InstanceSegmentation.run(model, instances, options).miou();
  }

  /**
   * A CLIP teacher sees images at its own side.
   *
   * @param model that compares images with texts
   * @return zeroshot_top1 and semantic_miou
   */
  public Map<String, Double> imageText(ImageTextModel model) {
    return imageText(model, model.imageSide(), model.imageSide());
  }

  private Map<String, Double> imageText(ImageTextModel model, int side, int denseSide) {
    Map<String, Double> row = new LinkedHashMap<>();
    if (classes != null) {
      row.put("zeroshot_top1", top1(model, classes, side));
    }
    if (semantic != null) {
      row.put(
          "semantic_miou", SemanticSegmentation.run(model, semantic, semantic(denseSide)).miou());
    }
    return row;
  }

  /**
   * @return whether there are images for {@link #more}
   */
  public boolean hasMore() {
    return classes != null || unseen != null;
  }

  /**
   * Classification beyond the table's column: at the other resolutions, to see whether a skill
   * holds at one resolution only; and in a style that training never showed.
   *
   * @param model that compares images with texts
   * @param sides in pixels
   * @return {@code zeroshot_top1_SIDE} of each side, and {@code unseen_top1} among the classes of
   *     the unseen set at the first side
   */
  public Map<String, Double> more(ImageTextModel model, List<Integer> sides) {
    Map<String, Double> row = new LinkedHashMap<>();
    if (classes != null) {
      for (int side : sides) {
        row.put("zeroshot_top1_" + side, top1(model, classes, side));
      }
    }
    if (unseen != null) {
      row.put("unseen_top1", top1(model, unseen, sides.get(0)));
    }
    return row;
  }

  private double top1(ImageTextModel model, ClassFolders set, int side) {
    ZeroShotClassification.Options options =
        new ZeroShotClassification.Options(side, BATCH, spec.maxImages(), templates);
    return ZeroShotClassification.run(model, set, options).top1();
  }
}
