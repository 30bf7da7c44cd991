package org.samclip.student;

import java.util.List;
import java.util.Optional;
import org.samclip.model.VisionModel;
import org.samclip.model.VitModel;
import org.samclip.vit.VitEncoder;

/** A plain ViT as a backbone. */
public final class VitBackboneKind implements BackboneKind<VitBackboneConfig> {

  @Override
  public String kind() {
    return VitBackbone.KIND;
  }

  @Override
  public Class<VitBackboneConfig> configType() {
    return VitBackboneConfig.class;
  }

  @Override
  public Backbone build(VitBackboneConfig config) {
    return new VitBackbone(new VitEncoder(config.vit().encoder()));
  }

  @Override
  public Optional<Found<VitBackboneConfig>> in(VisionModel model) {
    return model instanceof VitModel vit
        ? Optional.of(new Found<>(new VitBackboneConfig(vit.sizes()), List.of(vit.encoder())))
        : Optional.empty();
  }
}
