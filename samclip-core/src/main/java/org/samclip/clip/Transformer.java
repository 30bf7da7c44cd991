package org.samclip.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import org.samclip.nn.Layer;
import org.samclip.nn.Stack;

/** Residual blocks in a row, named {@code resblocks.0}, {@code resblocks.1} ... */
public final class Transformer extends Layer {

  private final Stack blocks;

  /**
   * @param layers number of blocks
   * @param width C
   * @param heads number of heads
   * @param mlpRatio width of the MLP / C
   * @param causal true in the text tower
   * @param quickGelu true for OpenAI's activation
   */
  public Transformer(
      int layers, int width, int heads, double mlpRatio, boolean causal, boolean quickGelu) {
    blocks = child("resblocks", new Stack());
    for (int i = 0; i < layers; i++) {
      blocks.add(new ResidualBlock(width, heads, mlpRatio, causal, quickGelu));
    }
  }

  /**
   * @param x [B, N, C]
   * @return [B, N, C]
   */
  @Override
  public NDArray forward(NDArray x) {
    return blocks.forward(x);
  }

  /**
   * @return the blocks in order
   */
  public Stack blocks() {
    return blocks;
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return inputShapes;
  }
}
