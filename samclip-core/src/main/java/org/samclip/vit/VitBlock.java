package org.samclip.vit;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import org.samclip.kernel.Kernels;
import org.samclip.kernel.Kernels.VitMlp;
import org.samclip.nn.Init;
import org.samclip.nn.Layer;
import org.samclip.nn.LayerNorm;
import org.samclip.nn.Linear;
import org.samclip.nn.Module;

/** Norm, attention, residual, norm, MLP, residual (dinov2, layers/block.py). */
public final class VitBlock extends Layer {

  private static final NDArray[] NONE = {};

  /** LayerScale's start (dinov2, layers/layer_scale.py). */
  private static final double INITIAL_SCALE = 1e-5;

  private final BlockConfig config;
  private final LayerNorm norm1;
  private final Attention attn;
  private final LayerNorm norm2;
  private final VitMlpLayers mlp;
  private final Scale ls1;
  private final Scale ls2;

  /**
   * @param config the sizes
   */
  public VitBlock(BlockConfig config) {
    this.config = config;
    norm1 = child("norm1", new LayerNorm(config.width(), config.eps()));
    attn = child("attn", new Attention(config));
    ls1 = config.layerScale() ? child("ls1", new Scale(config.width())) : null;
    norm2 = child("norm2", new LayerNorm(config.width(), config.eps()));
    mlp = child("mlp", new VitMlpLayers(config.width(), config.hidden(), config.mlp()));
    ls2 = config.layerScale() ? child("ls2", new Scale(config.width())) : null;
  }

  /**
   * @param x [B, N, C]
   * @return [B, N, C]
   */
  @Override
  public NDArray forward(NDArray x) {
    return forward(x, NONE);
  }

  /**
   * @param x [B, N, C]
   * @param rotary cosines and sines [P, d] for the last P tokens; empty for none
   * @return [B, N, C]
   */
  NDArray forward(NDArray x, NDArray[] rotary) {
    NDArray[] scales =
        ls1 == null ? NONE : new NDArray[] {ls1.gamma.getArray(), ls2.gamma.getArray()};
    return Kernels.vitBlock(
        x,
        weights(norm1, attn.on(x), norm2, mlp),
        scales,
        rotary,
        config.heads(),
        config.eps(),
        config.mlp());
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return inputShapes;
  }

  /** Query, key and value rows stacked; where only some have a bias, each under its name. */
  private static final class Attention extends Part {
    private final int width;
    private final Parameter qkvWeight;
    private final Parameter qkvBias;
    private final Parameter queryBias;
    private final Parameter valueBias;
    private final Linear proj;

    Attention(BlockConfig config) {
      width = config.width();
      boolean some = config.bias() == BlockConfig.Bias.QUERY_VALUE;
      boolean all = config.bias() == BlockConfig.Bias.ALL;
      qkvWeight = parameter("qkv.weight", Init.truncatedNormal(.02), 3L * width, width);
      qkvBias = all ? parameter("qkv.bias", Init.ZEROS, 3L * width) : null;
      queryBias = some ? parameter("q_bias", Init.ZEROS, width) : null;
      valueBias = some ? parameter("v_bias", Init.ZEROS, width) : null;
      proj = child("proj", new Linear(width, width));
    }

    /** The weights, with what has to be made of them beside the tokens. */
    Weighted on(NDArray x) {
      NDArray[] o = proj.weights();
      NDArray bias = qkvBias == null ? bias(x) : qkvBias.getArray();
      return () -> new NDArray[] {qkvWeight.getArray(), bias, o[0], o[1]};
    }

    private NDArray bias(NDArray x) {
      NDArray zeros = x.getManager().zeros(new Shape(queryBias == null ? 3L * width : width));
      if (queryBias == null) {
        return zeros;
      }
      NDArray keyValue = zeros.concat(valueBias.getArray(), 0);
      NDArray query = queryBias.getArray().reshape(width);
      query.attach(x.getManager());
      return query.concat(keyValue, 0);
    }
  }

  /** LayerScale, a factor for each channel of a branch. */
  private static final class Scale extends Part {
    private final Parameter gamma;

    Scale(int width) {
      gamma = parameter("gamma", Init.constant(INITIAL_SCALE), width);
    }
  }

  /** The MLP's two layers; with a gate, the first has both halves. */
  static final class VitMlpLayers extends Layer implements Module.Weighted {
    private final Linear fc1;
    private final Linear fc2;
    private final VitMlp kind;

    VitMlpLayers(int width, int hidden, VitMlp kind) {
      this.kind = kind;
      fc1 = child("fc1", new Linear(width, kind == VitMlp.GATED ? 2 * hidden : hidden));
      fc2 = child("fc2", new Linear(hidden, width));
    }

    @Override
    public NDArray forward(NDArray x) {
      return Kernels.vitMlp(x, weights(), kind);
    }

    @Override
    public NDArray[] weights() {
      return weights(fc1, fc2);
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
      return inputShapes;
    }
  }

  /** A level of names within the block, which the block's kernel computes. */
  private abstract static class Part extends Module {
    @Override
    protected NDList forward(NDList inputs) {
      throw new IllegalStateException("computed by the whole block's kernel");
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
      return inputShapes;
    }
  }
}
