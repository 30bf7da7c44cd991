package org.samclip.sam;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import org.samclip.nn.LayerNorm;
import org.samclip.nn.Linear;
import org.samclip.nn.Module;

/**
 * Tokens attend to themselves and to the image, pass an MLP, and the image attends to the tokens
 * (segment-anything, transformer.py {@code TwoWayAttentionBlock}).
 */
public final class TwoWayBlock extends Module {

  /** LayerNorm's epsilon in SAM's decoder: torch's default, not the encoder's. */
  static final double NORM_EPS = 1e-5;

  private final DecoderAttention selfAttn;
  private final LayerNorm norm1;
  private final DecoderAttention tokenToImage;
  private final LayerNorm norm2;
  private final Linear lin1;
  private final Linear lin2;
  private final LayerNorm norm3;
  private final LayerNorm norm4;
  private final DecoderAttention imageToToken;
  private final boolean first;

  /**
   * @param config the sizes
   * @param first whether it is the first block, whose tokens are their own positions
   */
  public TwoWayBlock(SamHeadConfig config, boolean first) {
    this.first = first;
    int dim = config.dim();
    int heads = config.heads();
    int down = SamHeadConfig.ATTENTION_DOWNSAMPLE;
    selfAttn = child("self_attn", new DecoderAttention(dim, heads, 1));
    norm1 = child("norm1", new LayerNorm(dim, NORM_EPS));
    tokenToImage = child("cross_attn_token_to_image", new DecoderAttention(dim, heads, down));
    norm2 = child("norm2", new LayerNorm(dim, NORM_EPS));
    ReluMlp mlp = child("mlp", new ReluMlp(dim, config.mlpDim()));
    lin1 = mlp.lin1;
    lin2 = mlp.lin2;
    norm3 = child("norm3", new LayerNorm(dim, NORM_EPS));
    norm4 = child("norm4", new LayerNorm(dim, NORM_EPS));
    imageToToken = child("cross_attn_image_to_token", new DecoderAttention(dim, heads, down));
  }

  /**
   * @param queries [N, T, C], the tokens
   * @param keys [N, S, C], the image
   * @param queryPe [N, T, C]
   * @param keyPe [N or 1, S, C]
   * @return the tokens and the image, same shapes
   */
  public NDList forward(NDArray queries, NDArray keys, NDArray queryPe, NDArray keyPe) {
    NDArray x = queries;
    if (first) {
      x = selfAttn.forward(x, x, x);
    } else {
      NDArray q = x.add(queryPe);
      x = x.add(selfAttn.forward(q, q, x));
    }
    x = norm1.forward(x);
    NDArray image = keys.add(keyPe);
    x = norm2.forward(x.add(tokenToImage.forward(x.add(queryPe), image, keys)));
    x = norm3.forward(x.add(lin2.forward(ai.djl.nn.Activation.relu(lin1.forward(x)))));
    NDArray y = norm4.forward(keys.add(imageToToken.forward(image, x.add(queryPe), x)));
    return new NDList(x, y);
  }

  @Override
  protected NDList forward(NDList inputs) {
    return forward(inputs.get(0), inputs.get(1), inputs.get(2), inputs.get(3));
  }

  @Override
  public Map<String, Object> constants() {
    return Map.of("first", first);
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return new Shape[] {inputShapes[0], inputShapes[1]};
  }

  private static final class ReluMlp extends Module {
    private final Linear lin1;
    private final Linear lin2;

    ReluMlp(int dim, int hidden) {
      lin1 = child("lin1", new Linear(dim, hidden));
      lin2 = child("lin2", new Linear(hidden, dim));
    }

    @Override
    protected NDList forward(NDList inputs) {
      NDArray hidden = lin1.forward(inputs.singletonOrThrow());
      return new NDList(lin2.forward(ai.djl.nn.Activation.relu(hidden)));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
      return inputShapes;
    }
  }
}
