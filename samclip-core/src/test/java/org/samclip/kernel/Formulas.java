package org.samclip.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/** The kernels' definitions in DJL's plain operators, with gradients by DJL. */
public final class Formulas {

  private Formulas() {}

  static NDArray constant(NDArray like, double[] values, long... shape) {
    NDManager m = like.getManager();
    return m.create(values).reshape(new Shape(shape)).toType(like.getDataType(), false);
  }

  static NDArray times(NDArray x, double factor) {
    return x.mul(constant(x, new double[] {factor}, 1));
  }

  public static NDArray linear(NDArray x, NDArray weight, NDArray bias) {
    return x.matMul(weight.transpose()).add(bias);
  }

  public static NDArray layerNorm(NDArray x, NDArray weight, NDArray bias, double eps, int axis) {
    int[] axes = {axis};
    NDArray centred = x.sub(x.mean(axes, true));
    NDArray variance = centred.mul(centred).mean(axes, true);
    NDArray root = variance.add(constant(x, new double[] {eps}, 1)).sqrt();
    return centred.div(root).mul(weight).add(bias);
  }

  public static NDArray gelu(NDArray x) {
    NDArray one = constant(x, new double[] {1}, 1);
    return times(x, .5).mul(times(x, Math.sqrt(.5)).erf().add(one));
  }

  static NDArray sigmoid(NDArray x) {
    NDArray one = constant(x, new double[] {1}, 1);
    return one.div(x.neg().exp().add(one));
  }

  static NDArray quickGelu(NDArray x) {
    return x.mul(sigmoid(times(x, 1.702)));
  }

  /** {@code bias} is added to the scaled products; null for none. */
  static NDArray attention(NDArray q, NDArray k, NDArray v, NDArray bias) {
    long d = q.getShape().get(3);
    NDArray scores = times(q.matMul(k.transpose(0, 1, 3, 2)), Math.pow(d, -.5));
    return (bias == null ? scores : scores.add(bias)).softmax(-1).matMul(v);
  }

  private static NDArray heads(NDArray x, int heads) {
    Shape s = x.getShape();
    return x.reshape(s.get(0), s.get(1), heads, s.get(2) / heads).transpose(0, 2, 1, 3);
  }

  private static NDArray joined(NDArray x) {
    Shape s = x.getShape();
    return x.transpose(0, 2, 1, 3).reshape(s.get(0), s.get(2), s.get(1) * s.get(3));
  }

  /** Weights: query, key, value, output, each with its bias. */
  static NDArray multiHead(NDArray q, NDArray k, NDArray v, NDArray[] w, int heads, NDArray bias) {
    NDArray out =
        attention(
            heads(linear(q, w[0], w[1]), heads),
            heads(linear(k, w[2], w[3]), heads),
            heads(linear(v, w[4], w[5]), heads),
            bias);
    return linear(joined(out), w[6], w[7]);
  }

  /** The same with query, key and value rows stacked in one weight. */
  public static NDArray stackedMultiHead(NDArray x, NDArray[] w, int heads, NDArray bias) {
    NDList weights = w[0].split(3, 0);
    NDList biases = w[1].split(3, 0);
    NDArray[] apart = new NDArray[8];
    for (int i = 0; i < 3; i++) {
      apart[2 * i] = weights.get(i);
      apart[2 * i + 1] = biases.get(i);
    }
    apart[6] = w[2];
    apart[7] = w[3];
    return multiHead(x, x, x, apart, heads, bias);
  }

  /** [n, n]: a large negative number above the diagonal. */
  static NDArray causalMask(NDArray like, int n) {
    double[] mask = new double[n * n];
    for (int i = 0; i < n; i++) {
      for (int j = i + 1; j < n; j++) {
        mask[i * n + j] = -1e30;
      }
    }
    return constant(like, mask, n, n);
  }

  /** Rows of a linear interpolation of {@code from} points to {@code to}, [to, from]. */
  static NDArray interpolation(NDArray like, int from, int to) {
    double[] matrix = new double[to * from];
    for (int i = 0; i < to; i++) {
      double at = Math.max((i + .5) * from / to - .5, 0);
      int low = (int) at;
      matrix[i * from + low] += 1 - (at - low);
      matrix[i * from + Math.min(low + 1, from - 1)] += at - low;
    }
    return constant(like, matrix, to, from);
  }

  /** Weights: qkv, projection, rel_pos_h, rel_pos_w; the whole N x N bias is built. */
  static NDArray relPosAttention(NDArray x, NDArray[] w, int heads) {
    Shape s = x.getShape();
    int height = (int) s.get(1);
    int width = (int) s.get(2);
    long n = (long) height * width;
    NDArray flat = x.reshape(s.get(0), n, s.get(3));
    NDArray qWeight = w[0].split(3, 0).get(0);
    NDArray qBias = w[1].split(3, 0).get(0);
    NDArray q = heads(linear(flat, qWeight, qBias), heads);
    NDArray bias =
        axisBias(q, w[4], height, width, true).add(axisBias(q, w[5], height, width, false));
    return stackedMultiHead(flat, w, heads, bias).reshape(s);
  }

  /** q . table[query's place - key's place + size - 1], [B, heads, N, N]. */
  private static NDArray axisBias(NDArray q, NDArray table, int height, int width, boolean rows) {
    int size = rows ? height : width;
    int length = 2 * size - 1;
    int own = (int) table.getShape().get(0);
    NDArray fitting = own == length ? table : interpolation(q, own, length).matMul(table);
    int n = height * width;
    double[] pick = new double[n * n * length];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        int from = rows ? i / width : i % width;
        int to = rows ? j / width : j % width;
        pick[(i * n + j) * length + from - to + size - 1] = 1;
      }
    }
    NDArray relative = constant(q, pick, (long) n * n, length).matMul(fitting);
    long d = q.getShape().get(3);
    return q.expandDims(3).mul(relative.reshape(1, 1, n, n, d)).sum(new int[] {4});
  }

  /** Each window by itself, padded with zeros at the bottom and right. */
  static NDArray windowAttention(NDArray x, NDArray[] w, int heads, int window) {
    Shape s = x.getShape();
    int rows = (int) (s.get(1) + window - 1) / window;
    int columns = (int) (s.get(2) + window - 1) / window;
    NDArray padded = padded(x, 1, (long) rows * window - s.get(1));
    padded = padded(padded, 2, (long) columns * window - s.get(2));
    NDList bands = new NDList();
    for (NDArray band : padded.split(rows, 1)) {
      NDList tiles = new NDList();
      for (NDArray tile : band.split(columns, 2)) {
        tiles.add(relPosAttention(tile, w, heads));
      }
      bands.add(joined(tiles, 2));
    }
    NDArray all = joined(bands, 1);
    return all.get(":, :" + s.get(1) + ", :" + s.get(2));
  }

  /** DJL makes a copy of a single array, and copies carry no gradient. */
  private static NDArray joined(NDList parts, int axis) {
    return parts.size() == 1 ? parts.get(0) : NDArrays.concat(parts, axis);
  }

  static NDArray padded(NDArray x, int axis, long by) {
    if (by == 0) {
      return x;
    }
    long[] shape = x.getShape().getShape().clone();
    shape[axis] = by;
    return x.concat(x.getManager().zeros(new Shape(shape), x.getDataType()), axis);
  }
}
