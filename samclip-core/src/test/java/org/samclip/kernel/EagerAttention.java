package org.samclip.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;

/**
 * Attention with decomposed relative positions in DJL's plain operators as segment-anything has it
 * (image_encoder.py): the N x N weights of each head are there as a whole, and the windows are a
 * batch.
 */
final class EagerAttention {

  private EagerAttention() {}

  /** Weights: qkv, projection, rel_pos_h, rel_pos_w; [B, H, W, C] to the same. */
  static NDArray global(NDArray x, NDArray[] w, int heads) {
    Shape s = x.getShape();
    long b = s.get(0) * heads;
    long h = s.get(1);
    long v = s.get(2);
    long d = s.get(3) / heads;
    NDArray qkv =
        Formulas.linear(x, w[0], w[1])
            .reshape(s.get(0), h * v, 3, heads, d)
            .transpose(2, 0, 3, 1, 4)
            .reshape(3, b, h * v, d);
    NDList parts = qkv.split(3, 0);
    NDArray q = parts.get(0).squeeze(0);
    NDArray scores =
        Formulas.times(q, Math.pow(d, -.5)).matMul(parts.get(1).squeeze(0).transpose(0, 2, 1));
    NDArray rows = Kernels.relPos(w[4], (int) h, (int) h).transpose(0, 2, 1); // [h, d, h]
    NDArray columns = Kernels.relPos(w[5], (int) v, (int) v).transpose(0, 2, 1); // [v, d, v]
    NDArray grid = q.reshape(b, h, v, d);
    NDArray ofRow = grid.matMul(rows); // [b, h, v, h]
    NDArray ofColumn =
        grid.transpose(0, 2, 1, 3).matMul(columns).transpose(0, 2, 1, 3); // [b, h, v, v]
    NDArray attended =
        scores
            .reshape(b, h, v, h, v)
            .add(ofRow.expandDims(4))
            .add(ofColumn.expandDims(3))
            .reshape(b, h * v, h * v)
            .softmax(-1)
            .matMul(parts.get(2).squeeze(0));
    NDArray joined = attended.reshape(s.get(0), heads, h, v, d).transpose(0, 2, 3, 1, 4).reshape(s);
    return Formulas.linear(joined, w[2], w[3]);
  }

  /** The same within windows; the grid is padded to whole windows and cut back. */
  static NDArray windowed(NDArray x, NDArray[] w, int heads, int window) {
    Shape s = x.getShape();
    long rows = (s.get(1) + window - 1) / window;
    long columns = (s.get(2) + window - 1) / window;
    NDArray padded = Formulas.padded(x, 1, rows * window - s.get(1));
    padded = Formulas.padded(padded, 2, columns * window - s.get(2));
    NDArray tiles =
        padded
            .reshape(s.get(0), rows, window, columns, window, s.get(3))
            .transpose(0, 1, 3, 2, 4, 5)
            .reshape(s.get(0) * rows * columns, window, window, s.get(3));
    return global(tiles, w, heads)
        .reshape(s.get(0), rows, columns, window, window, s.get(3))
        .transpose(0, 1, 3, 2, 4, 5)
        .reshape(s.get(0), rows * window, columns * window, s.get(3))
        .get(":, :" + s.get(1) + ", :" + s.get(2));
  }
}
