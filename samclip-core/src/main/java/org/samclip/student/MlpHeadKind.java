package org.samclip.student;

/** An MLP as a head. */
public final class MlpHeadKind implements HeadKind<MlpHeadConfig> {

  @Override
  public String kind() {
    return MlpHead.KIND;
  }

  @Override
  public Class<MlpHeadConfig> configType() {
    return MlpHeadConfig.class;
  }

  @Override
  public MlpHead build(MlpHeadConfig config, Backbone backbone) {
    return new MlpHead(config, backbone);
  }
}
