package org.samclip.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import org.samclip.nn.Embedding;
import org.samclip.nn.Init;
import org.samclip.nn.Layer;
import org.samclip.nn.LayerNorm;

/**
 * CLIP's text transformer; in the public checkpoints its names stand beside {@code visual.} without
 * a prefix of their own (open_clip, model.py {@code CLIP.encode_text}).
 */
public final class TextTower extends Layer {

  private final ClipText sizes;
  private final Parameter positions;
  private final Parameter projection;
  private final Embedding tokenEmbedding;
  private final Transformer transformer;
  private final LayerNorm lnFinal;

  /**
   * @param sizes of the tower
   */
  public TextTower(ClipText sizes) {
    this.sizes = sizes;
    ClipConfig.Text t = sizes.text();
    positions = parameter("positional_embedding", Init.normal(.01), t.contextLength(), t.width());
    projection =
        parameter(
            "text_projection", Init.normal(Math.pow(t.width(), -.5)), t.width(), sizes.embedDim());
    tokenEmbedding = child("token_embedding", new Embedding(t.vocabSize(), t.width(), .02));
    transformer =
        child(
            "transformer",
            new Transformer(
                t.layers(), t.width(), t.heads(), t.mlpRatio(), true, sizes.quickGelu()));
    lnFinal = child("ln_final", new LayerNorm(t.width(), ResidualBlock.NORM_EPS));
  }

  /**
   * @param ids [B, T], int64, T = context length
   * @return tokens after the last block and norm, [B, T, C]
   */
  public NDArray tokens(NDArray ids) {
    return lnFinal.forward(transformer.forward(embed(ids)));
  }

  /**
   * @param ids [B, T], int64
   * @return tokens before the first block, [B, T, C]
   */
  public NDArray embed(NDArray ids) {
    return tokenEmbedding.forward(ids).add(positions.getArray());
  }

  /**
   * @param ids [B, T], int64; the end token has the largest id and stands for the text
   * @return text features [B, E], not normalised
   */
  @Override
  public NDArray forward(NDArray ids) {
    NDArray x = tokens(ids);
    NDArray end =
        ids.argMax(1)
            .reshape(-1, 1, 1)
            .broadcast(new Shape(ids.getShape().get(0), 1, x.getShape().get(2)));
    NDArray last = x.gather(end, 1).squeeze(1);
    return last.matMul(projection.getArray());
  }

  /**
   * @return the blocks
   */
  public Transformer transformer() {
    return transformer;
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return new Shape[] {new Shape(inputShapes[0].get(0), sizes.embedDim())};
  }
}
