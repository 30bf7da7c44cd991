package org.samclip.student;

/** MLPs on several blocks as a head. */
public final class LadderHeadKind implements HeadKind<LadderHeadConfig> {

  @Override
  public String kind() {
    return LadderHead.KIND;
  }

  @Override
  public Class<LadderHeadConfig> configType() {
    return LadderHeadConfig.class;
  }

  @Override
  public LadderHead build(LadderHeadConfig config, Backbone backbone) {
    return new LadderHead(config, backbone);
  }
}
