package org.samclip.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import java.util.Map;
import org.samclip.kernel.Kernels;
import org.samclip.nn.Init;
import org.samclip.nn.Layer;
import org.samclip.nn.LayerNorm;
import org.samclip.nn.Linear;
import org.samclip.nn.Module;

/** CLIP's transformer block (open_clip, transformer.py {@code ResidualAttentionBlock}). */
public final class ResidualBlock extends Layer {

  /** LayerNorm's epsilon everywhere in CLIP. */
  public static final double NORM_EPS = 1e-5;

  private final LayerNorm norm1;
  private final SelfAttention attn;
  private final LayerNorm norm2;
  private final MlpLayers mlp;
  private final int heads;
  private final boolean causal;
  private final boolean quickGelu;

  /**
   * @param width C
   * @param heads number of heads
   * @param mlpRatio width of the MLP / C
   * @param causal true in the text tower: a token sees only those before it
   * @param quickGelu true for OpenAI's activation
   */
  public ResidualBlock(int width, int heads, double mlpRatio, boolean causal, boolean quickGelu) {
    this.heads = heads;
    this.causal = causal;
    this.quickGelu = quickGelu;
    norm1 = child("ln_1", new LayerNorm(width, NORM_EPS));
    attn = child("attn", new SelfAttention(width));
    norm2 = child("ln_2", new LayerNorm(width, NORM_EPS));
    mlp = child("mlp", new MlpLayers(width, (int) (width * mlpRatio)));
  }

  /**
   * @param x [B, N, C]
   * @return [B, N, C]
   */
  @Override
  public NDArray forward(NDArray x) {
    NDArray[] weights = weights(norm1, attn, norm2, mlp.fc, mlp.proj);
    return Kernels.clipBlock(x, weights, heads, causal, quickGelu);
  }

  /**
   * Each token's value through the output projection: what the attention's branch would give if
   * every token attended to itself alone.
   *
   * @param x [B, N, C]
   * @return [B, N, C], without the residual and the MLP
   */
  public NDArray value(NDArray x) {
    long c = x.getShape().get(x.getShape().dimension() - 1);
    String rows = 2 * c + ":";
    NDArray v =
        Kernels.linear(
            norm1.forward(x), attn.inWeight.getArray().get(rows), attn.inBias.getArray().get(rows));
    return attn.out.forward(v);
  }

  /**
   * The block with {@link #value} in the attention's place.
   *
   * @param x [B, N, C]
   * @return [B, N, C]
   */
  public NDArray valueBlock(NDArray x) {
    NDArray sum = x.add(value(x));
    NDArray hidden = mlp.fc.forward(norm2.forward(sum));
    return sum.add(mlp.proj.forward(quickGelu ? Kernels.quickGelu(hidden) : Kernels.gelu(hidden)));
  }

  @Override
  public Map<String, Object> constants() {
    return Map.of("heads", heads, "causal", causal, "quick_gelu", quickGelu);
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return inputShapes;
  }

  /** Query, key and value rows stacked, as in torch's {@code MultiheadAttention}. */
  private static final class SelfAttention extends Part {
    private final Parameter inWeight;
    private final Parameter inBias;
    private final Linear out;

    SelfAttention(int width) {
      inWeight = parameter("in_proj_weight", Init.normal(Math.pow(width, -.5)), 3L * width, width);
      inBias = parameter("in_proj_bias", Init.ZEROS, 3L * width);
      out = child("out_proj", new Linear(width, width));
    }

    @Override
    public NDArray[] weights() {
      NDArray[] o = out.weights();
      return new NDArray[] {inWeight.getArray(), inBias.getArray(), o[0], o[1]};
    }
  }

  private static final class MlpLayers extends Part {
    private final Linear fc;
    private final Linear proj;

    MlpLayers(int width, int hidden) {
      fc = child("c_fc", new Linear(width, hidden));
      proj = child("c_proj", new Linear(hidden, width));
    }

    @Override
    public NDArray[] weights() {
      return weights(fc, proj);
    }
  }

  /** A level of names within the block, which the block's kernel computes. */
  private abstract static class Part extends Module implements Module.Weighted {
    @Override
    protected ai.djl.ndarray.NDList forward(ai.djl.ndarray.NDList inputs) {
      throw new IllegalStateException("computed by the whole block's kernel");
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
      return inputShapes;
    }
  }
}
