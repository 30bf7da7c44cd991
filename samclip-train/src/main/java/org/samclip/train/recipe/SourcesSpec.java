package org.samclip.train.recipe;

import java.util.List;

/**
 * What one optimisation step reads (paper): images of D_CLIP, images of D_SAM, or both; the
 * gradients of both add up before one update.
 *
 * @param clip images of D_CLIP
 * @param sam images and prompts of D_SAM
 */
public record SourcesSpec(@Optional ClipSourceSpec clip, @Optional SamSourceSpec sam) {

  /** Checks that there is something to learn from. */
  public SourcesSpec {
    Check.that(clip != null || sam != null, "", "empty", "clip, sam or both");
  }

  /**
   * D_CLIP within a step.
   *
   * @param batchSize images per step at the base resolution
   * @param microBatch images per forward pass at the base resolution; gradients accumulate; absent
   *     means the whole batch
   * @param baseResolution side in pixels for which both sizes are meant
   * @param resolutions sides in pixels; one is drawn per step, the batch scales with the area
   * @param crop least and greatest share of the image's area in a random resized crop
   * @param views so many crops of an image are seen, one an epoch, in turn; 0: a new one each epoch
   */
  public record ClipSourceSpec(
      int batchSize,
      @Optional Integer microBatch,
      int baseResolution,
      List<Integer> resolutions,
      List<Double> crop,
      int views) {

    /** Checks sizes and ranges. */
    public ClipSourceSpec {
      Check.atLeast(1, "batch_size", batchSize);
      checkMicroBatch(microBatch, batchSize);
      Check.resolution("base_resolution", baseResolution);
      resolutions = Check.notEmpty("resolutions", resolutions);
      resolutions.forEach(r -> Check.resolution("resolutions", r));
      Check.distinct("resolutions", resolutions, r -> r);
      Check.that(views >= 0 && views <= 1000, "views", views, "0 to 1000");
      crop = List.copyOf(crop);
      Check.that(
          crop.size() == 2 && crop.get(0) > 0 && crop.get(0) <= crop.get(1) && crop.get(1) <= 1,
          "crop",
          crop,
          "two shares of the area, the smaller first, above 0 and up to 1, such as [0.9, 1.0]");
    }

    /** The batch at each resolution. */
    public AreaScaledBatch batches() {
      return new AreaScaledBatch(batchSize, baseResolution, resolutions);
    }
  }

  /**
   * D_SAM within a step.
   *
   * @param batchSize images per step
   * @param microBatch images per forward pass; gradients accumulate; absent means the whole batch
   * @param resolution side in pixels of the padded square
   * @param masksPerImage prompts drawn per image
   * @param prompts how a mask becomes a prompt
   * @param subset share of the source's training images that are replayed, above 0 up to 1
   */
  public record SamSourceSpec(
      int batchSize,
      @Optional Integer microBatch,
      int resolution,
      int masksPerImage,
      PromptsSpec prompts,
      double subset) {

    /** Checks sizes. */
    public SamSourceSpec {
      Check.atLeast(1, "batch_size", batchSize);
      checkMicroBatch(microBatch, batchSize);
      Check.resolution("resolution", resolution);
      Check.that(
          masksPerImage >= 1 && masksPerImage <= 1024,
          "masks_per_image",
          masksPerImage,
          "1 to 1024");
      Check.that(subset > 0 && subset <= 1, "subset", subset, "above 0, up to 1");
    }
  }

  /**
   * How a mask becomes a prompt: SAM's own training (arXiv 2304.02643).
   *
   * @param pointShare chance of a point; else a box
   * @param boxJitter standard deviation of the noise on box corners, as a share of the side
   * @param boxJitterMaxPixels limit of that noise in pixels of the model's input
   * @param maxMaskShare masks that cover more of the image than this are dropped
   */
  public record PromptsSpec(
      double pointShare, double boxJitter, double boxJitterMaxPixels, double maxMaskShare) {

    /** Checks shares. */
    public PromptsSpec {
      Check.share("point_share", pointShare);
      Check.share("box_jitter", boxJitter);
      Check.notNegative("box_jitter_max_pixels", boxJitterMaxPixels);
      Check.that(
          maxMaskShare > 0 && maxMaskShare <= 1,
          "max_mask_share",
          maxMaskShare,
          "above 0, up to 1");
    }
  }

  private static void checkMicroBatch(Integer microBatch, int batchSize) {
    if (microBatch != null) {
      Check.that(
          microBatch >= 1 && microBatch <= batchSize,
          "micro_batch",
          microBatch,
          "1 to batch_size (" + batchSize + ")");
    }
  }
}
