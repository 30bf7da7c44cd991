package org.samclip.student;

import org.samclip.nn.SizeLimits;

/**
 * Transformer blocks of a plain ViT and a linear layer.
 *
 * @param output which tokens go through the linear layer
 * @param width D, channels of the output
 * @param layers number of blocks
 * @param heads attention heads; divide the backbone's width
 * @param hidden channels of the blocks' MLP
 */
public record BlocksHeadConfig(Readout output, int width, int layers, int heads, int hidden)
    implements HeadConfig {

  public BlocksHeadConfig {
    SizeLimits.present(BlocksHead.KIND, "output (summary or spatial)", output);
    SizeLimits.check(BlocksHead.KIND, "width", width, 1, SizeLimits.WIDTH);
    SizeLimits.check(BlocksHead.KIND, "layers", layers, 1, SizeLimits.DEPTH);
    SizeLimits.check(BlocksHead.KIND, "heads", heads, 1, SizeLimits.WIDTH);
    SizeLimits.check(BlocksHead.KIND, "hidden", hidden, 1, SizeLimits.MLP_WIDTH);
  }
}
