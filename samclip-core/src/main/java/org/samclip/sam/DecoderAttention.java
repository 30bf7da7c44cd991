package org.samclip.sam;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import org.samclip.kernel.Kernels;
import org.samclip.nn.Linear;
import org.samclip.nn.Module;

/** Attention with separate, perhaps narrower projections (segment-anything, transformer.py). */
public final class DecoderAttention extends Module {

  private final Linear q;
  private final Linear k;
  private final Linear v;
  private final Linear out;
  private final int heads;

  /**
   * @param dim C
   * @param heads number of heads
   * @param downsample C / inner width
   */
  public DecoderAttention(int dim, int heads, int downsample) {
    this.heads = heads;
    int inner = dim / downsample;
    q = child("q_proj", new Linear(dim, inner));
    k = child("k_proj", new Linear(dim, inner));
    v = child("v_proj", new Linear(dim, inner));
    out = child("out_proj", new Linear(inner, dim));
  }

  /**
   * @param query [N, Tq, C]
   * @param key [N, Tk, C]
   * @param value [N, Tk, C]
   * @return [N, Tq, C]
   */
  public NDArray forward(NDArray query, NDArray key, NDArray value) {
    return Kernels.multiHeadAttention(query, key, value, weights(q, k, v, out), heads);
  }

  @Override
  protected NDList forward(NDList inputs) {
    return new NDList(forward(inputs.get(0), inputs.get(1), inputs.get(2)));
  }

  @Override
  public Map<String, Object> constants() {
    return Map.of("heads", heads);
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return new Shape[] {inputShapes[0]};
  }
}
