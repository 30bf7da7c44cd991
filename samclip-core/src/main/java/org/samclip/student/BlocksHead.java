package org.samclip.student;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import org.samclip.kernel.Kernels.VitMlp;
import org.samclip.model.Arithmetic;
import org.samclip.nn.Linear;
import org.samclip.nn.Stack;
import org.samclip.vit.BlockConfig;
import org.samclip.vit.VitBlock;

/**
 * Pre-norm blocks over class token, registers and patches, whose branches start small (LayerScale
 * of 1e-5), then {@code fc}: RADIO's attention adaptor and DUNE's projector.
 */
public final class BlocksHead extends AdaptorHead {

  /** Name in configs and files. */
  public static final String KIND = "blocks";

  private static final double EPS = 1e-6;

  private final BlocksHeadConfig config;
  private final BlockConfig block;
  private final Stack blocks;
  private final Linear fc;

  BlocksHead(BlocksHeadConfig config, Backbone backbone) {
    super(config.output(), config.width(), backbone);
    this.config = config;
    block =
        new BlockConfig(
            backbone.width(),
            config.heads(),
            config.hidden(),
            VitMlp.GELU,
            BlockConfig.Bias.ALL,
            true,
            EPS);
    blocks = child("blocks", new Stack());
    for (int i = 0; i < config.layers(); i++) {
      blocks.add(new VitBlock(block));
    }
    fc = child("fc", new Linear(backbone.width(), config.width()));
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  protected NDArray rows(BackboneFeatures features) {
    Tokens tokens = features.last();
    Shape s = tokens.patches().getShape();
    NDArray x = tokens.patches().reshape(s.get(0), s.get(1) * s.get(2), s.get(3));
    int prefix = backbone().prefix();
    x = blocks.forward(prefix == 0 ? x : tokens.prefix().concat(x, 1));
    NDArray first = prefix == 0 ? null : x.get(":, :" + prefix);
    NDArray patches = prefix == 0 ? x : x.get(":, " + prefix + ":");
    return fc.forward(read(new Tokens(first, patches.reshape(s))));
  }

  @Override
  protected List<Linear> lastLayers() {
    return List.of(fc);
  }

  @Override
  public double operations(int side) {
    double tokens = backbone().prefix() + Readout.SPATIAL.rows(side, backbone().patch());
    return config.layers() * Arithmetic.block(block, tokens)
        + Arithmetic.linear(rowCount(side), backbone().width(), config.width());
  }
}
