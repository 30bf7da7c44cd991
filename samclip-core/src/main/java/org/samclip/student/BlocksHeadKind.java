package org.samclip.student;

/** Transformer blocks as a head. */
public final class BlocksHeadKind implements HeadKind<BlocksHeadConfig> {

  @Override
  public String kind() {
    return BlocksHead.KIND;
  }

  @Override
  public Class<BlocksHeadConfig> configType() {
    return BlocksHeadConfig.class;
  }

  @Override
  public BlocksHead build(BlocksHeadConfig config, Backbone backbone) {
    return new BlocksHead(config, backbone);
  }
}
