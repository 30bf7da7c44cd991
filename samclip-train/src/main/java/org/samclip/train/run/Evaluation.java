package org.samclip.train.run;

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.samclip.data.source.ClassFolders;
import org.samclip.data.source.CocoInstances;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.HeldOutClasses;
import org.samclip.data.source.LabelMapFolder;
import org.samclip.eval.Background;
import org.samclip.eval.adapter.ImageTextAdapter;
import org.samclip.eval.adapter.PromptedMaskAdapter;
import org.samclip.eval.metric.ImageScores;
import org.samclip.eval.segment.HeadComposition;
import org.samclip.eval.segment.InstanceSegmentation;
import org.samclip.eval.segment.InstanceSegmentation.Prompt;
import org.samclip.eval.segment.MaskRetention;
import org.samclip.eval.segment.PromptedMaskModel;
import org.samclip.eval.segment.SingleMaskListener;
import org.samclip.eval.segment.TeacherMasks;
import org.samclip.eval.segment.TwoHeadModel;
import org.samclip.eval.zeroshot.EmbeddingRetention;
import org.samclip.eval.zeroshot.ImageTextModel;
import org.samclip.eval.zeroshot.PromptTemplates;
import org.samclip.eval.zeroshot.SemanticSegmentation;
import org.samclip.eval.zeroshot.TeacherEmbeddings;
import org.samclip.eval.zeroshot.ZeroShotClassification;
import org.samclip.train.recipe.EvaluationSpec;
import org.samclip.train.teacher.Teachers;

/**
 * The columns of the table, measured on held-out data; {@link
 * org.samclip.train.report.ResultsTable#METRICS} says what each is. A teacher answers once for all
 * models that are compared with it, and its answers stay in memory.
 */
public final class Evaluation {

  private static final int BATCH = 32;
  private static final int PROMPTS_PER_PASS = 64;

  private final EvaluationSpec spec;
  private final PromptTemplates templates;
  private final ClassFolders classes;
  private final LabelMapFolder semantic;
  private final CocoInstances instances;
  private final Set<Integer> heldOutClasses;
  private final Set<Integer> heldOutLabels;
  private final PromptedMaskAdapter samTeacher;
  private final ImageTextAdapter clipTeacher;
  private final Map<Integer, TeacherMasks> teacherMasks = new HashMap<>();
  private TeacherEmbeddings teacherEmbeddings;

  /**
   * @param spec what is measured
   * @param sets where the held-out sets are; what is absent is not measured
   * @param maxPixels of one image
   * @param teachers what the students are compared with
   * @throws org.samclip.UserError if a set is not as it should be
   */
  public Evaluation(
      EvaluationSpec spec, EvaluationSpec.SetsSpec sets, long maxPixels, Teachers teachers) {
    this.spec = spec;
    this.samTeacher = new PromptedMaskAdapter(teachers.sam());
    this.clipTeacher = new ImageTextAdapter(teachers.clip().withDense(spec.teacherDense()));
    this.templates =
        switch (spec.templates()) {
          case BRIEF -> PromptTemplates.brief();
          case OPENAI -> PromptTemplates.openAi();
        };
    DataLimits limits = new DataLimits(maxPixels, DataLimits.DEFAULT.maxMemberBytes());
    classes = sets.classes() == null ? null : new ClassFolders(Path.of(sets.classes()), limits);
    semantic =
        sets.semantic() == null ? null : new LabelMapFolder(Path.of(sets.semantic()), limits);
    instances =
        sets.instances() == null
            ? null
            : new CocoInstances(Path.of(sets.instances()), Path.of(sets.images()), limits);
    HeldOutClasses heldOut =
        sets.heldout() == null ? null : HeldOutClasses.read(Path.of(sets.heldout()));
    if (heldOut != null) {
      heldOut.requireKnown(Stream.of(classes, semantic).filter(Objects::nonNull).toList());
    }
    heldOutClasses = heldOut == null || classes == null ? Set.of() : heldOut.labels(classes);
    heldOutLabels = heldOut == null || semantic == null ? Set.of() : heldOut.labels(semantic);
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
   * @return how the CLIP head alone segments for the table
   */
  public SemanticSegmentation.Options semantic() {
    return semantic(spec.semanticResolutions().get(0));
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
   * @return all metrics
   */
  public Map<String, ImageScores> student(TwoHeadModel model) {
    Map<String, ImageScores> row = eachHead(model);
    if (semantic != null) {
      Map<Background, HeadComposition.Result> found =
          HeadComposition.run(model, semantic, composition(), backgrounds());
      row.put("composed_miou", found.get(counted()).perImage());
      row.put("composed_fg_miou", found.get(Background.EXCLUDED).perImage());
      if (!heldOutLabels.isEmpty()) {
        row.put(
            "heldout_composed_miou", found.get(counted()).perImage().only(heldOutLabels::contains));
      }
    }
    return row;
  }

  /**
   * @param model with both heads
   * @return the metrics of each head alone, without composing both
   */
  public Map<String, ImageScores> eachHead(TwoHeadModel model) {
    Map<String, ImageScores> row = new LinkedHashMap<>();
    for (int side : spec.promptedResolutions()) {
      if (instances != null) {
        MaskRetention retention = new MaskRetention(Optional.of(teacherMasks(side)));
        prompted(row, model, side, retention);
        String behind = behind(side, spec.promptedResolutions());
        row.put("teacher_iou" + behind, retention.teacherIou());
        row.put("logit_ratio" + behind, retention.logitRatio());
        row.put("stability" + behind, retention.stability());
      }
    }
    for (int side : spec.classificationResolutions()) {
      if (classes != null) {
        EmbeddingRetention retention = new EmbeddingRetention(teacherEmbeddings());
        String behind = behind(side, spec.classificationResolutions());
        named(row, model, side, behind, retention);
        row.put("clip_cosine" + behind, retention.cosine());
      }
    }
    semantic(row, model, spec.semanticResolutions());
    return row;
  }

  /**
   * @return masks of the SAM teacher; what compares it with itself is left out
   */
  public Map<String, ImageScores> samTeacher() {
    Map<String, ImageScores> row = new LinkedHashMap<>();
    for (int side : spec.promptedResolutions()) {
      if (instances != null) {
        MaskRetention own = new MaskRetention(Optional.empty());
        TeacherMasks masks = new TeacherMasks();
        prompted(row, samTeacher, side, own.and(masks));
        teacherMasks.put(side, masks);
        row.put("stability" + behind(side, spec.promptedResolutions()), own.stability());
      }
    }
    return row;
  }

  /**
   * The CLIP teacher names images and patches at its own side, where it is best.
   *
   * @return names and label maps of the CLIP teacher; what compares it with itself is left out
   */
  public Map<String, ImageScores> clipTeacher() {
    Map<String, ImageScores> row = new LinkedHashMap<>();
    if (classes != null) {
      rememberEmbeddings(row);
    }
    semantic(row, clipTeacher, List.of(clipTeacher.imageSide()));
    return row;
  }

  /** In a run that was resumed the teacher's row is there, but not what it drew. */
  private TeacherMasks teacherMasks(int side) {
    return teacherMasks.computeIfAbsent(
        side,
        s -> {
          TeacherMasks masks = new TeacherMasks();
          prompted(new LinkedHashMap<>(), samTeacher, s, masks);
          return masks;
        });
  }

  private TeacherEmbeddings teacherEmbeddings() {
    if (teacherEmbeddings == null) {
      rememberEmbeddings(new LinkedHashMap<>());
    }
    return teacherEmbeddings;
  }

  private void rememberEmbeddings(Map<String, ImageScores> row) {
    TeacherEmbeddings embeddings = new TeacherEmbeddings();
    named(row, clipTeacher, clipTeacher.imageSide(), "", embeddings);
    teacherEmbeddings = embeddings;
  }

  private void prompted(
      Map<String, ImageScores> row,
      PromptedMaskModel model,
      int side,
      SingleMaskListener listener) {
    InstanceSegmentation.Options options =
        new InstanceSegmentation.Options(
            List.of(Prompt.POINT, Prompt.BOX),
            side,
            BATCH,
            spec.maxImages(),
            PROMPTS_PER_PASS,
            false);
    InstanceSegmentation.Result found =
        InstanceSegmentation.run(model, instances, options, listener);
    String behind = behind(side, spec.promptedResolutions());
    row.put("point_miou" + behind, found.iou().get(Prompt.POINT));
    row.put("box_miou" + behind, found.iou().get(Prompt.BOX));
  }

  private void named(
      Map<String, ImageScores> row,
      ImageTextModel model,
      int side,
      String behind,
      ZeroShotClassification.EmbeddingListener listener) {
    ZeroShotClassification.Options options =
        new ZeroShotClassification.Options(side, BATCH, spec.maxImages(), templates);
    ZeroShotClassification.Result found =
        ZeroShotClassification.run(model, classes, options, listener);
    row.put("zeroshot_top1" + behind, found.top1(label -> !heldOutClasses.contains(label)));
    if (!heldOutClasses.isEmpty()) {
      row.put("heldout_top1" + behind, found.top1(heldOutClasses::contains));
    }
  }

  private void semantic(Map<String, ImageScores> row, ImageTextModel model, List<Integer> sides) {
    for (int side : sides) {
      if (semantic != null) {
        Map<Background, SemanticSegmentation.Result> found =
            SemanticSegmentation.run(model, semantic, semantic(side), backgrounds());
        String behind = behind(side, sides);
        row.put("semantic_miou" + behind, found.get(counted()).perImage());
        row.put("semantic_fg_miou" + behind, found.get(Background.EXCLUDED).perImage());
        if (!heldOutLabels.isEmpty()) {
          row.put(
              "heldout_semantic_miou" + behind,
              found.get(counted()).perImage().only(heldOutLabels::contains));
        }
      }
    }
  }

  /** How the background is found where it counts; without such a class there is one way only. */
  private Background counted() {
    return Background.indexIn(semantic.classes()) < 0 ? Background.EXCLUDED : spec.background();
  }

  private Set<Background> backgrounds() {
    return EnumSet.of(counted(), Background.EXCLUDED);
  }

  private static String behind(int side, List<Integer> sides) {
    return side == sides.get(0) ? "" : "_" + side;
  }
}
