package org.samclip.model;

import java.util.Optional;
import org.samclip.UserError;
import org.samclip.checkpoint.Provenance;
import org.samclip.nn.SizeLimits;
import org.samclip.sam.Sam;
import org.samclip.sam.SamHeadConfig;
import org.samclip.vitdet.ViTDetConfig;

/**
 * A SAM and its sizes.
 *
 * @param sam the model
 * @param sizes of its parts
 * @param provenance where the weights come from, if the file says it
 */
public record SamModel(Sam sam, Sizes sizes, Optional<Provenance> provenance) {

  /**
   * Sizes of a SAM.
   *
   * @param encoder the image encoder
   * @param samHead prompt encoder and mask decoder
   */
  public record Sizes(ViTDetConfig encoder, SamHeadConfig samHead) {
    public Sizes {
      SizeLimits.present("SAM", "encoder", encoder);
      SizeLimits.present("SAM", "sam_head", samHead);
      if (encoder.neck() != samHead.dim()) {
        throw new UserError(
            "SAM: the encoder's neck gives "
                + encoder.neck()
                + " channels, the head takes "
                + samHead.dim());
      }
    }
  }
}
