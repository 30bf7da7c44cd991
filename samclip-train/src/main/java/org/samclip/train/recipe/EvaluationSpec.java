package org.samclip.train.recipe;

import java.util.List;
import org.samclip.clip.DenseForm;
import org.samclip.eval.Background;
import org.samclip.eval.ScoreSettings;
import org.samclip.eval.segment.CompositionForm;
import org.samclip.eval.segment.CompositionSettings;
import org.samclip.eval.segment.ProposalSettings;

/**
 * What is measured after each stage, always on held-out data.
 *
 * @param classificationResolutions sides in pixels of zero-shot classification (paper: 224 and
 *     336); the first one is measured for the table
 * @param semanticResolution side in pixels of zero-shot semantic segmentation (paper: 448)
 * @param promptedResolution side in pixels of masks from points and boxes (paper: 1024)
 * @param composed both heads together
 * @param teacherDense how a patch of the CLIP teacher gets its feature
 * @param templates into which class names are put: {@code brief} (5) or {@code openai} (80)
 * @param background what a class named "background" means in segmentation
 * @param data held-out sets; the embedded scenes bring their own
 * @param maxImages at most this many images per task; 0 means all
 * @param panels pictures drawn of the model after the last stage
 */
public record EvaluationSpec(
    List<Integer> classificationResolutions,
    int semanticResolution,
    int promptedResolution,
    ComposedSpec composed,
    DenseForm teacherDense,
    Templates templates,
    Background background,
    @Optional SetsSpec data,
    int maxImages,
    int panels) {

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
   * @param unseen root of class folders whose images differ from all training images in style
   */
  public record SetsSpec(
      @Optional String classes,
      @Optional String semantic,
      @Optional String instances,
      @Optional String images,
      @Optional String unseen) {

    /** Checks that instances come with their images. */
    public SetsSpec {
      Check.that(
          (instances == null) == (images == null),
          "images",
          images == null ? "missing" : "'" + images + "'",
          "the folder of the images of instances, and only with it");
    }
  }

  /** Checks sides and counts. */
  public EvaluationSpec {
    classificationResolutions =
        Check.notEmpty("classification_resolutions", classificationResolutions);
    classificationResolutions.forEach(r -> Check.resolution("classification_resolutions", r));
    Check.resolution("semantic_resolution", semanticResolution);
    Check.resolution("prompted_resolution", promptedResolution);
    Check.atLeast(0, "max_images", maxImages);
    Check.that(panels >= 0 && panels <= 1000, "panels", panels, "0 to 1000");
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
