package org.samclip.model;

import org.samclip.UserError;
import org.samclip.nn.SizeLimits;
import org.samclip.sam.SamHeadConfig;
import org.samclip.vitdet.ViTDetConfig;

/**
 * Sizes of a merged model.
 *
 * @param encoder the backbone
 * @param samHead SAM's head
 * @param clipHead the CLIP head
 */
public record SamClipConfig(ViTDetConfig encoder, SamHeadConfig samHead, ClipHeadConfig clipHead) {

  public SamClipConfig {
    SizeLimits.present("model", "encoder", encoder);
    SizeLimits.present("model", "sam_head", samHead);
    SizeLimits.present("model", "clip_head", clipHead);
    if (encoder.neck() != samHead.dim()) {
      throw new UserError(
          "model: the encoder's neck gives "
              + encoder.neck()
              + " channels, the SAM head takes "
              + samHead.dim());
    }
  }
}
