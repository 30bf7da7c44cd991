package org.samclip.train.bench;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.samclip.UserError;
import org.samclip.clip.ClipConfig;
import org.samclip.model.Preset;
import org.samclip.student.ClipHeadConfig;
import org.samclip.student.HeadConfig;
import org.samclip.student.MaskDecoderConfig;
import org.samclip.student.StudentConfig;
import org.samclip.student.VitDetBackboneConfig;

/**
 * Sizes of what is measured.
 *
 * @param preset of the encoder
 * @param side of SAM's images in pixels
 * @param images of a SAM batch
 * @param prompts for each of them
 * @param teacher the CLIP teacher; its text tower is the smallest there is, as no work reads texts
 * @param clipSide of CLIP's images, as the student sees them, in pixels
 * @param clipBatch images of a CLIP batch
 * @param epochImages images of an epoch of stage 1
 * @param photos folder of images to decode, made if there is none; null: a temporary one
 * @param checkpointActivations whether training computes the encoder's blocks again in the backward
 *     pass instead of keeping them
 */
public record BenchSetting(
    Preset preset,
    int side,
    int images,
    int prompts,
    ClipConfig teacher,
    int clipSide,
    int clipBatch,
    int epochImages,
    Path photos,
    boolean checkpointActivations) {

  /** Decides weights and images. */
  static final long SEED = 1;

  private static final int MOST = 4096;

  private static final ClipConfig.Text TEXT = new ClipConfig.Text(2, 4, 8, 1, 1, 1);

  /** The paper's teacher. */
  private static final ClipConfig LARGE =
      new ClipConfig(768, false, new ClipConfig.Vision(224, 14, 1024, 24, 16, 4), TEXT);

  private static final ClipConfig SMALL =
      new ClipConfig(64, false, new ClipConfig.Vision(32, 8, 64, 2, 2, 4), TEXT);

  /**
   * Sizes to change; null: as {@link #of} says.
   *
   * @param side of SAM's images in pixels
   * @param images of a SAM batch
   * @param prompts for each of them
   * @param clipBatch images of a CLIP batch
   */
  public record Sizes(Integer side, Integer images, Integer prompts, Integer clipBatch) {}

  /** Checks the sizes. */
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
    Bench.check("--images", images, 1, MOST);
    Bench.check("--prompts", prompts, 1, MOST);
    Bench.check("--clip-batch", clipBatch, 1, MOST);
    if (3L * side * side * images > Integer.MAX_VALUE) {
      throw new UserError(
          "--images "
              + images
              + " at a side of "
              + side
              + ": more pixels than one array holds; take fewer images, or a smaller --side");
    }
  }

  /**
   * The paper's sizes: one SAM image with 32 prompts, CLIP ViT-L/14 at 224 px and batches of 8; for
   * {@code tiny} all of it in small.
   *
   * @param preset of the encoder
   * @param sizes to change
   * @param photos folder of images to decode, made if there is none; null: a temporary one
   * @param checkpointActivations whether training computes the encoder's blocks again
   * @return the sizes
   * @throws UserError if the side is no multiple of the preset's patch, or a number is below 1
   */
  public static BenchSetting of(
      Preset preset, Sizes sizes, Path photos, boolean checkpointActivations) {
    boolean tiny = preset == Preset.TINY;
    return new BenchSetting(
        preset,
        or(sizes.side, preset.encoder().imageSide()),
        or(sizes.images, 1),
        or(sizes.prompts, tiny ? 3 : 32),
        tiny ? SMALL : LARGE,
        tiny ? 64 : 224,
        or(sizes.clipBatch, tiny ? 4 : 8),
        tiny ? 8 : 16,
        photos,
        checkpointActivations);
  }

  private static int or(Integer given, int own) {
    return given == null ? own : given;
  }

  /** Name of the head that speaks CLIP. */
  static final String CLIP_HEAD = "clip_head";

  /** Name of the head that draws masks. */
  static final String MASKS = "masks";

  /** The student: the preset with the paper's CLIP head. */
  StudentConfig student() {
    Map<String, HeadConfig> heads = new LinkedHashMap<>();
    heads.put(MASKS, new MaskDecoderConfig(preset.samHead()));
    heads.put(CLIP_HEAD, new ClipHeadConfig(3, ClipHeadConfig.Pool.MAX, teacher.embedDim(), 1));
    return new StudentConfig(new VitDetBackboneConfig(preset.encoder()), heads);
  }
}
