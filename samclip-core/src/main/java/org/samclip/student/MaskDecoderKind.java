package org.samclip.student;

import java.util.List;
import java.util.Optional;
import org.samclip.model.SamModel;
import org.samclip.model.VisionModel;

/** SAM's prompt encoder and mask decoder as a head. */
public final class MaskDecoderKind implements HeadKind<MaskDecoderConfig> {

  @Override
  public String kind() {
    return MaskDecoderHead.KIND;
  }

  @Override
  public Class<MaskDecoderConfig> configType() {
    return MaskDecoderConfig.class;
  }

  @Override
  public MaskDecoderHead build(MaskDecoderConfig config, Backbone backbone) {
    return new MaskDecoderHead(config.decoder(), backbone);
  }

  @Override
  public Optional<String> widthKey() {
    return Optional.empty();
  }

  @Override
  public Optional<Found<MaskDecoderConfig>> in(VisionModel model) {
    return model instanceof SamModel sam
        ? Optional.of(
            new Found<>(
                new MaskDecoderConfig(sam.sizes().samHead()),
                List.of(sam.sam().head().prompts(), sam.sam().head().decoder())))
        : Optional.empty();
  }
}
