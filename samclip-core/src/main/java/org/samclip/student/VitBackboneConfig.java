package org.samclip.student;

import org.samclip.UserError;
import org.samclip.model.ImageInput;
import org.samclip.model.VitModel;
import org.samclip.nn.SizeLimits;
import org.samclip.vit.VitConfig.Summary;

/**
 * A plain ViT. Heads read its tokens, so the network has no part of its own for the summary.
 *
 * @param vit the sizes, and the normalisation of images
 */
public record VitBackboneConfig(VitModel.Sizes vit) implements BackboneConfig {

  public VitBackboneConfig {
    SizeLimits.present(VitBackbone.KIND, "vit", vit);
    Summary summary = vit.encoder().summary();
    if (summary != Summary.CLASS && summary != Summary.MEAN) {
      throw new UserError(
          "backbone of kind %s: summary %s; allowed: class, mean, as others have parameters that no head reads"
              .formatted(VitBackbone.KIND, summary));
    }
  }

  @Override
  public ImageInput input() {
    return vit.input();
  }
}
