package org.samclip.vitdet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import java.util.stream.Stream;
import org.samclip.kernel.Autocast;
import org.samclip.kernel.Kernels;
import org.samclip.nn.Layer;
import org.samclip.nn.LayerNorm;
import org.samclip.nn.Linear;

/** Norm, attention, residual, norm, MLP, residual (segment-anything, image_encoder.py). */
public final class Block extends Layer {

  /** LayerNorm's epsilon everywhere in SAM's encoder. */
  public static final double NORM_EPS = 1e-6;

  /** Tokens from which global attention is worth a backward pass of its own. */
  private static final long APART_FROM = 1024;

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
   * Whether a training step had better take this block's attention out of autograd's record: many
   * tokens that all see each other, in float32 on the CPU. (On a GPU fused attention takes the
   * relative positions along for little.)
   *
   * @param x [B, H, W, C]
   * @return whether {@link #attentionInputs} and {@link #afterAttention} should be used
   */
  boolean attendsApart(NDArray x) {
    long tokens = x.getShape().get(1) * x.getShape().get(2);
    return window == 0 && tokens >= APART_FROM && !x.getDevice().isGpu() && !Autocast.isBf16();
  }

  /** See {@link Kernels#attentionInputs}. */
  NDArray attentionInputs(NDArray x) {
    return Kernels.attentionInputs(x, weights(norm1, attn.inputs()), heads);
  }

  /** Whether a parameter that {@link #attentionInputs} takes asks for a gradient. */
  boolean attentionInputsLearn() {
    return Stream.of(weights(norm1, attn.inputs())).anyMatch(NDArray::hasGradient);
  }

  /** See {@link Kernels#blockAfterAttention}. */
  NDArray afterAttention(NDArray x, NDArray attended) {
    return Kernels.blockAfterAttention(x, attended, weights(attn.projection(), norm2, lin1, lin2));
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
