package org.samclip.sam;

import org.samclip.UserError;
import org.samclip.nn.SizeLimits;

/**
 * Sizes of SAM's prompt encoder and mask decoder; the reference's values are those of {@link
 * #standard}.
 *
 * @param dim C, channels of the image embedding and width of a prompt token
 * @param heads attention heads of the two-way transformer
 * @param depth layers of the two-way transformer
 * @param mlpDim width of its MLP
 * @param maskInChannels hidden channels of the mask prompt's convolutions
 * @param multimaskOutputs masks for an ambiguous prompt, beside the single one
 * @param iouHeadDepth linear layers of the IoU head
 * @param iouHeadHidden their hidden width
 */
public record SamHeadConfig(
    int dim,
    int heads,
    int depth,
    int mlpDim,
    int maskInChannels,
    int multimaskOutputs,
    int iouHeadDepth,
    int iouHeadHidden) {

  /** The attention across tokens and image runs at half the width, as in the reference. */
  static final int ATTENTION_DOWNSAMPLE = 2;

  private static final String PART = "SAM head";

  public SamHeadConfig {
    SizeLimits.check(PART, "dim", dim, 8, SizeLimits.WIDTH);
    SizeLimits.check(PART, "heads", heads, 1, SizeLimits.WIDTH);
    SizeLimits.check(PART, "depth", depth, 1, SizeLimits.DEPTH);
    SizeLimits.check(PART, "mlp_dim", mlpDim, 1, SizeLimits.MLP_WIDTH);
    SizeLimits.check(PART, "mask_in_channels", maskInChannels, 4, SizeLimits.WIDTH);
    SizeLimits.check(PART, "multimask_outputs", multimaskOutputs, 1, SizeLimits.MASKS);
    SizeLimits.check(PART, "iou_head_depth", iouHeadDepth, 1, SizeLimits.DEPTH);
    SizeLimits.check(PART, "iou_head_hidden", iouHeadHidden, 1, SizeLimits.WIDTH);
    if (dim % (heads * ATTENTION_DOWNSAMPLE) != 0) {
      throw new UserError(
          PART + ": dim " + dim + " is not a multiple of twice the heads, 2 x " + heads);
    }
  }

  /**
   * @return segment-anything's own sizes
   */
  public static SamHeadConfig standard() {
    return new SamHeadConfig(256, 8, 2, 2048, 16, 3, 3, 256);
  }
}
