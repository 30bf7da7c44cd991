package org.samclip.sam;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.samclip.nn.LayerNorm;
import org.samclip.nn.Module;

/** Blocks between tokens and image, then a last look of the tokens (transformer.py). */
public final class TwoWayTransformer extends Module {

  private final List<TwoWayBlock> layers = new ArrayList<>();
  private final DecoderAttention finalAttn;
  private final LayerNorm finalNorm;

  /**
   * @param config the sizes
   */
  public TwoWayTransformer(SamHeadConfig config) {
    Layers list = child("layers", new Layers());
    for (int i = 0; i < config.depth(); i++) {
      layers.add(list.add(i, new TwoWayBlock(config, i == 0)));
    }
    finalAttn =
        child(
            "final_attn_token_to_image",
            new DecoderAttention(config.dim(), config.heads(), SamHeadConfig.ATTENTION_DOWNSAMPLE));
    finalNorm = child("norm_final_attn", new LayerNorm(config.dim(), TwoWayBlock.NORM_EPS));
  }

  /**
   * @param image [N, S, C]
   * @param imagePe [N or 1, S, C]
   * @param tokens [N, T, C]
   * @return tokens [N, T, C] and image [N, S, C]
   */
  public NDList forward(NDArray image, NDArray imagePe, NDArray tokens) {
    NDArray queries = tokens;
    NDArray keys = image;
    for (TwoWayBlock layer : layers) {
      NDList both = layer.forward(queries, keys, tokens, imagePe);
      queries = both.get(0);
      keys = both.get(1);
    }
    NDArray look = finalAttn.forward(queries.add(tokens), keys.add(imagePe), keys);
    return new NDList(finalNorm.forward(queries.add(look)), keys);
  }

  /**
   * @return the blocks in order
   */
  public List<TwoWayBlock> layers() {
    return List.copyOf(layers);
  }

  @Override
  protected NDList forward(NDList inputs) {
    return forward(inputs.get(0), inputs.get(1), inputs.get(2));
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return new Shape[] {inputShapes[2], inputShapes[0]};
  }

  /** The list's own level of names. */
  private static final class Layers extends Module {

    TwoWayBlock add(int index, TwoWayBlock block) {
      return child(Integer.toString(index), block);
    }

    @Override
    protected NDList forward(NDList inputs) {
      NDList list = inputs;
      for (ai.djl.nn.Block block : getChildren().values()) {
        NDList both = ((TwoWayBlock) block).forward(list);
        list = new NDList(both.get(0), both.get(1), list.get(2), list.get(3));
      }
      return list;
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
      return inputShapes;
    }
  }
}
