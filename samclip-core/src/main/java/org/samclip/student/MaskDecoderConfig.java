package org.samclip.student;

import org.samclip.nn.SizeLimits;
import org.samclip.sam.SamHeadConfig;

/**
 * SAM's prompt encoder and mask decoder as a head.
 *
 * @param decoder the sizes
 */
public record MaskDecoderConfig(SamHeadConfig decoder) implements HeadConfig {

  public MaskDecoderConfig {
    SizeLimits.present(MaskDecoderHead.KIND, "decoder", decoder);
  }
}
