package org.samclip.train.recipe;

import java.util.List;
import org.samclip.clip.DenseForm;
import org.samclip.eval.Background;
import org.samclip.eval.ScoreSettings;
import org.samclip.eval.segment.CompositionForm;
import org.samclip.eval.segment.CompositionSettings;
import org.samclip.eval.segment.ProposalSettings;

/**
 * What is measured after each stage, always on held-out data. Of a list of resolutions the first
 * one gives the columns of the table; each other one gives the same columns again with {@code
 * _SIDE} behind their names, since a model may know at one resolution only what it should know at
 * all.
 *
 * @param classificationResolutions sides in pixels of zero-shot classification (paper: 224 and 336)
 * @param semanticResolutions sides in pixels of zero-shot semantic segmentation (paper: 448)
 * @param promptedResolutions sides in pixels of masks from points and boxes (paper: 1024)
 * @param composed both heads together
 * @param teacherDense how a patch of the CLIP teacher gets its feature
 * @param templates into which class names are put: {@code brief} (5) or {@code openai} (80)
 * @param background how a class named "background" is found where it counts: {@code text} or {@code
 *     threshold}; segmentation is measured with it and without it
 * @param split which sets the table is measured on: {@code test}, or {@code validation} while
 *     anything is still being chosen
 * @param data the test's sets; the embedded scenes bring their own
 * @param validation the validation's sets, which looks at a model in training use as well; the
 *     embedded scenes bring their own
 * @param maxImages at most this many images per task; 0 means all
 * @param panels pictures drawn of the model after the last stage
 */
public record EvaluationSpec(
    List<Integer> classificationResolutions,
    List<Integer> semanticResolutions,
    List<Integer> promptedResolutions,
    ComposedSpec composed,
    DenseForm teacherDense,
    Templates templates,
    Background background,
    Split split,
    @Optional SetsSpec data,
    @Optional SetsSpec validation,
    int maxImages,
    int panels) {

  /** Sets that share nothing. */
  public enum Split {
    /** For what is reported: measured once, by a recipe of which nothing is chosen any more. */
    TEST,
    /** For everything that is chosen. */
    VALIDATION
  }

  /** Sentences into which class names are put. */
  public enum Templates {
    /** Five plain ones, for a text tower of a small vocabulary. */
    BRIEF,
    /** The 80 that OpenAI used for ImageNet, as the paper does. */
    OPENAI
  }

  /**
   * Held-out sets on disk; those that are absent are not measured.
   *
   * @param classes root of class folders
   * @param semantic folder of images, label maps and class list
   * @param instances COCO instances JSON
   * @param images folder of that JSON's images
   * @param heldout file of the names, one a line, of classes that no training image shows; they
   *     have columns of their own
   */
  public record SetsSpec(
      @Optional String classes,
      @Optional String semantic,
      @Optional String instances,
      @Optional String images,
      @Optional String heldout) {

    /** Checks that instances come with their images. */
    public SetsSpec {
      Check.that(
          (instances == null) == (images == null),
          "images",
          images == null ? "missing" : "'" + images + "'",
          "the folder of the images of instances, and only with it");
      Check.that(
          heldout == null || classes != null || semantic != null,
          "heldout",
          "'" + heldout + "'",
          "names of classes or of semantic, and only with one of them");
    }
  }

  /**
   * @param images at most so many of each set; 0: all
   * @return the same at the first resolutions only, for a look at a model in training
   */
  public EvaluationSpec look(int images) {
    int most =
        images == 0 || maxImages == 0 ? Math.max(images, maxImages) : Math.min(images, maxImages);
    return new EvaluationSpec(
        classificationResolutions.subList(0, 1),
        semanticResolutions.subList(0, 1),
        promptedResolutions.subList(0, 1),
        composed,
        teacherDense,
        templates,
        background,
        split,
        data,
        validation,
        most,
        panels);
  }

  /** Checks sides and counts. */
  public EvaluationSpec {
    classificationResolutions =
        resolutions("classification_resolutions", classificationResolutions);
    semanticResolutions = resolutions("semantic_resolutions", semanticResolutions);
    promptedResolutions = resolutions("prompted_resolutions", promptedResolutions);
    Check.that(
        background != Background.EXCLUDED,
        "background",
        "excluded",
        "text, threshold (how it is found where it counts; it is always measured without as well)");
    Check.atLeast(0, "max_images", maxImages);
    Check.that(panels >= 0 && panels <= 1000, "panels", panels, "0 to 1000");
  }

  private static List<Integer> resolutions(String key, List<Integer> sides) {
    List<Integer> checked = Check.notEmpty(key, sides);
    checked.forEach(side -> Check.resolution(key, side));
    Check.distinct(key, checked, side -> side);
    return checked;
  }

  /**
   * Composing both heads: one names, the other outlines.
   *
   * @param form which of them begins (paper: the CLIP head's scores)
   * @param resolution side in pixels (paper: 1024)
   * @param points points drawn per class by confidence (paper: 1 to 3)
   * @param threshold least confidence of a point, or of a mask's name, 0 to 1
   * @param temperature by which cosines are divided before the softmax over the classes
   * @param logitRange greatest mask logit that a score may become
   * @param masks which masks are proposed when masks come first
   */
  public record ComposedSpec(
      CompositionForm form,
      int resolution,
      int points,
      double threshold,
      double temperature,
      double logitRange,
      MasksSpec masks) {

    /** Checks ranges. */
    public ComposedSpec {
      Check.resolution("resolution", resolution);
      Check.that(points >= 0 && points <= 64, "points", points, "0 to 64");
      Check.share("threshold", threshold);
      Check.positive("temperature", temperature);
      Check.positive("logit_range", logitRange);
    }

    /**
     * @return the same in the words of the evaluation
     */
    public CompositionSettings settings() {
      return new CompositionSettings(
          form,
          new ScoreSettings(temperature, threshold, points, logitRange),
          new ProposalSettings(
              masks.proposals, masks.grid, masks.predictedIou, masks.stability, masks.overlap));
    }
  }

  /**
   * Masks that are drawn before they get a name.
   *
   * @param proposals whether they are drawn from the points of the CLIP head or of a grid
   * @param grid side of the grid in points
   * @param predictedIou least IoU that the SAM head predicts, 0 to 1
   * @param stability least IoU of the mask at logits 1 and -1, 0 to 1
   * @param overlap IoU of boxes above which only the surest of two masks stays, 0 to 1
   */
  public record MasksSpec(
      ProposalSettings.Points proposals,
      int grid,
      double predictedIou,
      double stability,
      double overlap) {

    /** Checks ranges. */
    public MasksSpec {
      Check.that(
          grid >= 1 && grid <= ProposalSettings.MOST_POINTS,
          "grid",
          grid,
          "1 to " + ProposalSettings.MOST_POINTS);
      Check.share("predicted_iou", predictedIou);
      Check.share("stability", stability);
      Check.share("overlap", overlap);
    }
  }
}
