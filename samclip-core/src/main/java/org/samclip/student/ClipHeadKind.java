package org.samclip.student;

import java.util.Optional;
import org.samclip.UserError;

/** The CLIP head as a kind: it stands on SAM's image encoder. */
public final class ClipHeadKind implements HeadKind<ClipHeadConfig> {

  @Override
  public String kind() {
    return ClipHead.KIND;
  }

  @Override
  public Class<ClipHeadConfig> configType() {
    return ClipHeadConfig.class;
  }

  @Override
  public ClipHead build(ClipHeadConfig config, Backbone backbone) {
    if (backbone instanceof VitDetBackbone own) {
      return new ClipHead(config, own.encoder().config());
    }
    throw new UserError(
        "a head of kind %s stands on a backbone of kind %s, not %s; kinds for any backbone: blocks, mlp"
            .formatted(ClipHead.KIND, VitDetBackbone.KIND, backbone.kind()));
  }

  @Override
  public Optional<String> widthKey() {
    return Optional.of("embed_dim");
  }
}
