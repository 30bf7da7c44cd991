package org.samclip.train.recipe;

/**
 * How masks become prompts: SAM's own training (arXiv 2304.02643).
 *
 * @param perImage prompts drawn per image, from its masks
 * @param pointShare chance of a point; else a box
 * @param boxJitter standard deviation of the noise on box corners, as a share of the side
 * @param boxJitterMaxPixels limit of that noise in pixels of the model's input
 * @param maxMaskShare masks that cover more of the image than this are dropped
 * @param rounds how often the masks are drawn; from the second time on a point is added where
 *     student and teacher disagree (EdgeSAM)
 */
public record PromptsSpec(
    int perImage,
    double pointShare,
    double boxJitter,
    double boxJitterMaxPixels,
    double maxMaskShare,
    int rounds) {

  /** Checks counts and shares. */
  public PromptsSpec {
    Check.that(perImage >= 1 && perImage <= 1024, "per_image", perImage, "1 to 1024");
    Check.share("point_share", pointShare);
    Check.share("box_jitter", boxJitter);
    Check.notNegative("box_jitter_max_pixels", boxJitterMaxPixels);
    Check.that(
        maxMaskShare > 0 && maxMaskShare <= 1, "max_mask_share", maxMaskShare, "above 0, up to 1");
    Check.that(rounds >= 1 && rounds <= 8, "rounds", rounds, "1 to 8");
  }
}
