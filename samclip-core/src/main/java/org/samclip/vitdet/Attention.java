package org.samclip.vitdet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import org.samclip.kernel.Kernels;
import org.samclip.nn.Init;
import org.samclip.nn.Layer;
import org.samclip.nn.Linear;
import org.samclip.nn.Module;

/**
 * Self-attention over a grid of tokens with decomposed relative positions, windowed or global
 * (segment-anything, image_encoder.py {@code Attention}).
 */
public final class Attention extends Layer implements Module.Weighted {

  private final Linear qkv;
  private final Linear proj;
  private final Parameter relPosH;
  private final Parameter relPosW;
  private final int heads;
  private final int window;

  /**
   * @param width C
   * @param heads number of heads
   * @param window side of a window in tokens, 0 for global attention
   * @param grid side of the learned position grid in tokens, which sets the tables' length for
   *     global attention
   */
  public Attention(int width, int heads, int window, int grid) {
    this.heads = heads;
    this.window = window;
    int side = window > 0 ? window : grid;
    relPosH = parameter("rel_pos_h", Init.ZEROS, 2L * side - 1, width / heads);
    relPosW = parameter("rel_pos_w", Init.ZEROS, 2L * side - 1, width / heads);
    qkv = child("qkv", new Linear(width, 3 * width));
    proj = child("proj", new Linear(width, width));
  }

  /**
   * @param x [B, H, W, C]
   * @return [B, H, W, C]
   */
  @Override
  public NDArray forward(NDArray x) {
    return window > 0
        ? Kernels.windowAttention(x, weights(), heads, window)
        : Kernels.relPosAttention(x, weights(), heads, true);
  }

  @Override
  public NDArray[] weights() {
    return weights(qkv, proj, this::positions);
  }

  /** What comes before the softmax: query, key and value projection, relative positions. */
  Weighted inputs() {
    return () -> weights(qkv, this::positions);
  }

  /** What comes after it. */
  Weighted projection() {
    return proj;
  }

  private NDArray[] positions() {
    return new NDArray[] {relPosH.getArray(), relPosW.getArray()};
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return inputShapes;
  }
}
