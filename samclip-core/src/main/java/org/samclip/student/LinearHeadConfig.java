package org.samclip.student;

import org.samclip.nn.SizeLimits;

/**
 * A linear layer.
 *
 * @param output which tokens it maps
 * @param width D, channels of the output
 */
public record LinearHeadConfig(Readout output, int width) implements HeadConfig {

  public LinearHeadConfig {
    SizeLimits.present(LinearHead.KIND, "output (summary or spatial)", output);
    SizeLimits.check(LinearHead.KIND, "width", width, 1, SizeLimits.WIDTH);
  }
}
