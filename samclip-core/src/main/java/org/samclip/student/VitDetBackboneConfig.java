package org.samclip.student;

import org.samclip.model.ImageInput;
import org.samclip.model.SamModel;
import org.samclip.nn.SizeLimits;
import org.samclip.vitdet.ViTDetConfig;

/**
 * SAM's image encoder, which takes images with SAM's normalisation.
 *
 * @param encoder the sizes
 */
public record VitDetBackboneConfig(ViTDetConfig encoder) implements BackboneConfig {

  public VitDetBackboneConfig {
    SizeLimits.present(VitDetBackbone.KIND, "encoder", encoder);
  }

  @Override
  public ImageInput input() {
    return SamModel.input(encoder);
  }
}
