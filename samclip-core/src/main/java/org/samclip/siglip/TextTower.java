package org.samclip.siglip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import org.samclip.nn.Embedding;
import org.samclip.nn.Init;
import org.samclip.nn.Layer;
import org.samclip.nn.LayerNorm;
import org.samclip.nn.Linear;
import org.samclip.nn.Stack;
import org.samclip.vit.VitBlock;

/**
 * SigLIP's text transformer, in which every token sees all others, padding too; the last one stands
 * for the text (transformers, modeling_siglip.py {@code SiglipTextModel}).
 */
public final class TextTower extends Layer {

  private final SiglipConfig.Text config;
  private final Parameter positions;
  private final Embedding tokenEmbedding;
  private final Stack blocks;
  private final LayerNorm norm;
  private final Linear head;

  /**
   * @param config the sizes
   */
  public TextTower(SiglipConfig.Text config) {
    this.config = config;
    int c = config.block().width();
    positions = parameter("pos_embed", Init.normal(.01), config.contextLength(), c);
    tokenEmbedding = child("token_embedding", new Embedding(config.vocabSize(), c, .02));
    blocks = child("blocks", new Stack());
    for (int i = 0; i < config.depth(); i++) {
      blocks.add(new VitBlock(config.block()));
    }
    norm = child("norm", new LayerNorm(c, config.block().eps()));
    head = child("head", new Linear(c, config.projection()));
  }

  /**
   * @param ids [B, T], int64, T = context length, padded as in training
   * @return text features [B, E], not normalised
   */
  @Override
  public NDArray forward(NDArray ids) {
    NDArray x = tokenEmbedding.forward(ids).add(positions.getArray());
    NDArray tokens = norm.forward(blocks.forward(x));
    return head.forward(tokens.get(":, " + (config.contextLength() - 1)));
  }

  /**
   * @return the sizes
   */
  public SiglipConfig.Text config() {
    return config;
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return new Shape[] {new Shape(inputShapes[0].get(0), config.projection())};
  }
}
