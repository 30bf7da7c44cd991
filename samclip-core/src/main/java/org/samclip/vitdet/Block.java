package org.samclip.vitdet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import org.samclip.kernel.Autocast;
import org.samclip.kernel.Kernels;
import org.samclip.nn.Layer;
import org.samclip.nn.LayerNorm;
import org.samclip.nn.Linear;

/** Norm, attention, residual, norm, MLP, residual (segment-anything, image_encoder.py). */
public final class Block extends Layer {

  /** LayerNorm's epsilon everywhere in SAM's encoder. */
  public static final double NORM_EPS = 1e-6;

  /** Tokens, of all images, from which a block is worth a backward pass of its own. */
  public static final long LEAN_FROM = 1024;

  private final LayerNorm norm1;
  private final Attention attn;
  private final LayerNorm norm2;
  private final Linear lin1;
  private final Linear lin2;
  private final int heads;
  private final int window;

  /**
   * @param width C
   * @param heads number of heads
   * @param mlpRatio width of the MLP / C
   * @param window side of a window in tokens, 0 for global attention
   * @param grid side of the learned position grid in tokens
   */
  public Block(int width, int heads, double mlpRatio, int window, int grid) {
    this.heads = heads;
    this.window = window;
    norm1 = child("norm1", new LayerNorm(width, NORM_EPS));
    attn = child("attn", new Attention(width, heads, window, grid));
    norm2 = child("norm2", new LayerNorm(width, NORM_EPS));
    MlpLayers mlp = child("mlp", new MlpLayers(width, (int) (width * mlpRatio)));
    lin1 = mlp.lin1;
    lin2 = mlp.lin2;
  }

  /**
   * @param x [B, H, W, C]
   * @return [B, H, W, C]
   */
  @Override
  public NDArray forward(NDArray x) {
    return Kernels.vitDetBlock(x, weights(norm1, attn, norm2, lin1, lin2), heads, window);
  }

  /**
   * Whether a training step had better leave this block out of autograd's record: many tokens, in
   * float32 on the CPU. (On a GPU fused attention takes the relative positions along for little.)
   *
   * @param x [B, H, W, C]
   * @return whether {@link LeanBlock} should be used
   */
  boolean isLean(NDArray x) {
    long tokens = x.getShape().size() / x.getShape().get(3);
    return tokens >= LEAN_FROM && !x.getDevice().isGpu() && !Autocast.isBf16();
  }

  /** See {@link Kernels#attentionInputs}. */
  NDArray attentionInputs(NDArray x) {
    return Kernels.attentionInputs(x, attentionWeights(), heads, window);
  }

  /** The parameters that {@link #attentionInputs} takes. */
  NDArray[] attentionWeights() {
    return weights(norm1, attn.inputs());
  }

  /** See {@link Kernels#attend}. */
  NDArray attend(NDArray x, NDArray inputs) {
    return Kernels.attend(inputs, side(x, 1), side(x, 2));
  }

  /** See {@link Kernels#attendBackward}. */
  NDArray attendBackward(NDArray x, NDArray inputs, NDArray attended, NDArray upstream) {
    return Kernels.attendBackward(inputs, attended, upstream, side(x, 1), side(x, 2));
  }

  private long side(NDArray x, int axis) {
    return window > 0 ? window : x.getShape().get(axis);
  }

  /** See {@link Kernels#afterAttention}. */
  NDList afterAttention(NDArray x, NDArray attended) {
    return Kernels.afterAttention(x, attended, afterWeights(), window);
  }

  /** See {@link Kernels#afterAttentionBackward}. */
  NDList afterAttentionBackward(NDList kept, NDArray attended, NDArray upstream) {
    return Kernels.afterAttentionBackward(kept, attended, upstream, afterWeights(), window);
  }

  /** The parameters that {@link #afterAttention} takes. */
  NDArray[] afterWeights() {
    return weights(attn.projection(), norm2, lin1, lin2);
  }

  @Override
  public Map<String, Object> constants() {
    return Map.of("heads", heads, "window", window);
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return inputShapes;
  }

  /** The MLP's two layers under the reference's names; the block's kernel computes them. */
  private static final class MlpLayers extends Layer {
    private final Linear lin1;
    private final Linear lin2;

    MlpLayers(int width, int hidden) {
      lin1 = child("lin1", new Linear(width, hidden));
      lin2 = child("lin2", new Linear(hidden, width));
    }

    @Override
    public NDArray forward(NDArray x) {
      return lin2.forward(Kernels.gelu(lin1.forward(x)));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
      return inputShapes;
    }
  }
}
