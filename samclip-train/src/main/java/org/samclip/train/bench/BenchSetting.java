package org.samclip.train.bench;

import java.nio.file.Path;
import org.samclip.UserError;
import org.samclip.clip.ClipConfig;
import org.samclip.model.ClipHeadConfig;
import org.samclip.model.Preset;
import org.samclip.model.SamClipConfig;

/**
 * Sizes of what is measured.
 *
 * @param preset of the encoder
 * @param side of SAM's images in pixels
 * @param teacher the CLIP teacher; its text tower is the smallest there is, as no work reads texts
 * @param clipSide of CLIP's images, as the student sees them, in pixels
 * @param clipBatch images of a CLIP batch
 * @param prompts for SAM's one image
 * @param epochImages images of an epoch of stage 1
 * @param photos folder of images to decode, made if there is none; null: a temporary one
 * @param checkpointActivations whether training computes the encoder's blocks again in the backward
 *     pass instead of keeping them
 */
public record BenchSetting(
    Preset preset,
    int side,
    ClipConfig teacher,
    int clipSide,
    int clipBatch,
    int prompts,
    int epochImages,
    Path photos,
    boolean checkpointActivations) {

  /** Decides weights and images. */
  static final long SEED = 1;

  private static final ClipConfig.Text TEXT = new ClipConfig.Text(2, 4, 8, 1, 1, 1);

  /** The paper's teacher. */
  private static final ClipConfig LARGE =
      new ClipConfig(768, false, new ClipConfig.Vision(224, 14, 1024, 24, 16, 4), TEXT);

  private static final ClipConfig SMALL =
      new ClipConfig(64, false, new ClipConfig.Vision(32, 8, 64, 2, 2, 4), TEXT);

  /** Checks the side. */
  public BenchSetting {
    int patch = preset.encoder().patch();
    if (side < patch || side % patch != 0) {
      throw new UserError(
          "--side "
              + side
              + ": allowed: multiples of "
              + patch
              + ", the patch of "
              + preset.label());
    }
  }

  /**
   * The paper's sizes: CLIP ViT-L/14 at 224 px and batches of 8, 32 prompts; for {@code tiny} all
   * of it in small.
   *
   * @param preset of the encoder
   * @param side of SAM's images in pixels; null: the preset's own
   * @param photos folder of images to decode, made if there is none; null: a temporary one
   * @param checkpointActivations whether training computes the encoder's blocks again
   * @return the sizes
   * @throws UserError if the side is no multiple of the preset's patch
   */
  public static BenchSetting of(
      Preset preset, Integer side, Path photos, boolean checkpointActivations) {
    int own = side == null ? preset.encoder().imageSide() : side;
    return preset == Preset.TINY
        ? new BenchSetting(preset, own, SMALL, 64, 4, 3, 8, photos, checkpointActivations)
        : new BenchSetting(preset, own, LARGE, 224, 8, 32, 16, photos, checkpointActivations);
  }

  /** The student: the preset with the paper's CLIP head. */
  SamClipConfig student() {
    return preset.withClipHead(
        new ClipHeadConfig(3, ClipHeadConfig.Pool.MAX, teacher.embedDim(), 1));
  }
}
