package org.samclip.sam;

import org.samclip.UserError;

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

  public SamHeadConfig {
    if (dim % 8 != 0 || dim % (heads * ATTENTION_DOWNSAMPLE) != 0 || maskInChannels % 4 != 0) {
      throw new UserError(
          "SAM head: dim must be a multiple of 8 and of 2 x heads, mask_in_channels of 4");
    }
  }

  /**
   * @return segment-anything's own sizes
   */
  public static SamHeadConfig standard() {
    return new SamHeadConfig(256, 8, 2, 2048, 16, 3, 3, 256);
  }
}
