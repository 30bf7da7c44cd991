package org.samclip.student;

/** A linear layer as a head. */
public final class LinearHeadKind implements HeadKind<LinearHeadConfig> {

  @Override
  public String kind() {
    return LinearHead.KIND;
  }

  @Override
  public Class<LinearHeadConfig> configType() {
    return LinearHeadConfig.class;
  }

  @Override
  public LinearHead build(LinearHeadConfig config, Backbone backbone) {
    return new LinearHead(config, backbone);
  }
}
