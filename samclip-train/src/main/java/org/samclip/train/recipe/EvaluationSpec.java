package org.samclip.train.recipe;

import java.util.List;

/**
 * What is measured after each stage, always on held-out data.
 *
 * @param classificationResolutions sides in pixels of zero-shot classification (paper: 224 and
 *     336); the first one is the one in the table
 * @param semanticResolution side in pixels of zero-shot semantic segmentation (paper: 448)
 * @param promptedResolution side in pixels of masks from points and boxes (paper: 1024)
 * @param composed both heads together
 * @param maxImages at most this many images per task; 0 means all
 * @param panels pictures drawn per stage
 */
public record EvaluationSpec(
    List<Integer> classificationResolutions,
    int semanticResolution,
    int promptedResolution,
    ComposedSpec composed,
    int maxImages,
    int panels) {

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
   * Composing both heads (paper): the CLIP head finds, the SAM head outlines.
   *
   * @param resolution side in pixels (paper: 1024)
   * @param points points drawn per class by confidence (paper: 1 to 3)
   * @param threshold least confidence of a point, 0 to 1
   * @param temperature scale of the cosines before they become mask logits
   */
  public record ComposedSpec(int resolution, int points, double threshold, double temperature) {

    /** Checks ranges. */
    public ComposedSpec {
      Check.resolution("resolution", resolution);
      Check.that(points >= 0 && points <= 64, "points", points, "0 to 64");
      Check.share("threshold", threshold);
      Check.positive("temperature", temperature);
    }
  }
}
