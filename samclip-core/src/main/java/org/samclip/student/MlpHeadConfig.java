package org.samclip.student;

import org.samclip.nn.SizeLimits;

/**
 * An MLP with residual blocks.
 *
 * @param output which tokens it maps
 * @param width D, channels of the output
 * @param hidden channels inside
 * @param inner residual blocks, 0 or more
 * @param preNorm whether a norm and GELU come first
 */
public record MlpHeadConfig(Readout output, int width, int hidden, int inner, boolean preNorm)
    implements HeadConfig {

  public MlpHeadConfig {
    SizeLimits.present(MlpHead.KIND, "output (summary or spatial)", output);
    SizeLimits.check(MlpHead.KIND, "width", width, 1, SizeLimits.WIDTH);
    SizeLimits.check(MlpHead.KIND, "hidden", hidden, 1, SizeLimits.WIDTH);
    SizeLimits.check(MlpHead.KIND, "inner", inner, 0, SizeLimits.DEPTH);
  }
}
