package org.samclip.student;

import java.util.List;
import java.util.Optional;
import org.samclip.model.SamModel;
import org.samclip.model.VisionModel;
import org.samclip.vitdet.ImageEncoder;

/** SAM's image encoder as a backbone. */
public final class VitDetBackboneKind implements BackboneKind<VitDetBackboneConfig> {

  @Override
  public String kind() {
    return VitDetBackbone.KIND;
  }

  @Override
  public Class<VitDetBackboneConfig> configType() {
    return VitDetBackboneConfig.class;
  }

  @Override
  public Backbone build(VitDetBackboneConfig config) {
    return new VitDetBackbone(new ImageEncoder(config.encoder()));
  }

  @Override
  public Optional<Found<VitDetBackboneConfig>> in(VisionModel model) {
    return model instanceof SamModel sam
        ? Optional.of(
            new Found<>(
                new VitDetBackboneConfig(sam.sizes().encoder()), List.of(sam.sam().imageEncoder())))
        : Optional.empty();
  }
}
