package org.samclip.sam;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.samclip.kernel.Kernels;
import org.samclip.nn.Conv2d;
import org.samclip.nn.Embedding;
import org.samclip.nn.Gelu;
import org.samclip.nn.LayerNorm2d;
import org.samclip.nn.Module;
import org.samclip.nn.Stack;

/**
 * Points, boxes and masks to tokens and a dense embedding (segment-anything, prompt_encoder.py).
 * Unlike the reference it takes several images with several prompts each at once.
 */
public final class PromptEncoder extends Module {

  private final int dim;
  private final FourierPositions positions;
  private final List<Embedding> pointEmbeddings = new ArrayList<>();
  private final Embedding notAPoint;
  private final Stack maskDownscaling;
  private final Embedding noMask;

  /**
   * @param config the sizes
   */
  public PromptEncoder(SamHeadConfig config) {
    dim = config.dim();
    positions = child("pe_layer", new FourierPositions(dim));
    Stack points = child("point_embeddings", new Stack());
    for (int i = 0; i < 4; i++) {
      pointEmbeddings.add(points.add(new Embedding(1, dim, 1)));
    }
    notAPoint = child("not_a_point_embed", new Embedding(1, dim, 1));
    int m = config.maskInChannels();
    maskDownscaling = child("mask_downscaling", new Stack());
    maskDownscaling.add(new Conv2d(1, m / 4, 2, 2, 0, true));
    maskDownscaling.add(new LayerNorm2d(m / 4));
    maskDownscaling.add(new Gelu());
    maskDownscaling.add(new Conv2d(m / 4, m, 2, 2, 0, true));
    maskDownscaling.add(new LayerNorm2d(m));
    maskDownscaling.add(new Gelu());
    maskDownscaling.add(new Conv2d(m, dim, 1, 1, 0, true));
    noMask = child("no_mask_embed", new Embedding(1, dim, 1));
  }

  /**
   * @param prompts the prompts
   * @param height of the padded image in pixels
   * @param width of the padded image in pixels
   * @param corners what labels 2 and 3 mean
   * @return tokens [B, P, T, C], or null if there are neither points nor boxes (the reference's T =
   *     0). Without a box, each prompt gets one padding point, as in the reference.
   */
  public NDArray sparse(Prompts prompts, long height, long width, Prompts.CornerLabels corners) {
    NDArray tokens = null;
    if (prompts.points() != null) {
      NDArray xy = prompts.points();
      NDArray labels = prompts.labels();
      if (prompts.boxes() == null) {
        NDManager m = xy.getManager();
        Shape s = xy.getShape();
        xy = xy.concat(m.zeros(new Shape(s.get(0), s.get(1), 1, 2)), 2);
        NDArray padding = m.ones(new Shape(s.get(0), s.get(1), 1), DataType.INT64).neg();
        labels = labels.concat(padding, 2);
      }
      tokens = points(xy, labels, height, width, corners);
    }
    if (prompts.boxes() != null) {
      NDArray box = boxes(prompts.boxes(), height, width);
      tokens = tokens == null ? box : tokens.concat(box, 2);
    }
    return tokens;
  }

  /**
   * Tokens of labelled points without any padding point.
   *
   * @param xy [B, P, K, 2], pixels
   * @param labels [B, P, K], int64
   * @param height of the padded image in pixels
   * @param width of the padded image in pixels
   * @param corners what labels 2 and 3 mean
   * @return [B, P, K, C]
   */
  public NDArray points(
      NDArray xy, NDArray labels, long height, long width, Prompts.CornerLabels corners) {
    NDArray size = xy.getManager().create(new float[] {width, height});
    NDArray[] weights = new NDArray[5];
    weights[0] = notAPoint.table();
    for (int i = 0; i < 4; i++) {
      weights[i + 1] = pointEmbeddings.get(i).table();
    }
    boolean embedded = corners == Prompts.CornerLabels.EMBEDDED;
    return Kernels.pointTokens(xy, labels, size, positions.gaussian(), weights, embedded);
  }

  /** A box is its two corners, labelled 2 and 3. */
  private NDArray boxes(NDArray boxes, long height, long width) {
    Shape s = boxes.getShape();
    NDManager m = boxes.getManager();
    NDArray xy = boxes.reshape(new Shape(s.get(0), s.get(1), 2, 2));
    NDArray labels =
        m.create(new long[] {2, 3}).reshape(1, 1, 2).broadcast(new Shape(s.get(0), s.get(1), 2));
    return points(xy, labels, height, width, Prompts.CornerLabels.EMBEDDED);
  }

  /**
   * @param prompts the prompts
   * @param images B
   * @param count P
   * @param h rows of the token grid
   * @param w columns of the token grid
   * @param target the manager of the result
   * @return [B, P, C, h, w]
   */
  public NDArray dense(Prompts prompts, long images, long count, long h, long w, NDManager target) {
    if (prompts != null && prompts.masks() != null) {
      Shape s = prompts.masks().getShape();
      NDArray flat = prompts.masks().reshape(new Shape(-1, 1, s.get(3), s.get(4)));
      NDArray embedded = maskDownscaling.forward(flat);
      return embedded.reshape(new Shape(s.get(0), s.get(1), dim, h, w));
    }
    NDArray none = noMask.table().reshape(new Shape(1, 1, dim, 1, 1));
    none.attach(target);
    return none.broadcast(new Shape(images, count, dim, h, w));
  }

  /**
   * @param target the manager of the result
   * @param h rows of the token grid
   * @param w columns of the token grid
   * @return positions of the image tokens for the decoder, [1, C, h, w] (reference: {@code
   *     get_dense_pe})
   */
  public NDArray densePositions(NDManager target, long h, long w) {
    float[] xy = new float[Math.toIntExact(h * w * 2)];
    int at = 0;
    for (int row = 0; row < h; row++) {
      for (int column = 0; column < w; column++) {
        xy[at++] = (column + .5f) / w;
        xy[at++] = (row + .5f) / h;
      }
    }
    NDArray grid = target.create(xy, new Shape(1, h, w, 2));
    return positions.forward(grid).transpose(0, 3, 1, 2);
  }

  /** Inputs: points [B, P, K, 2], labels [B, P, K], size [2] = height, width. Output: tokens. */
  @Override
  protected NDList forward(NDList inputs) {
    float[] size = inputs.get(2).toFloatArray();
    Prompts prompts = Prompts.points(inputs.get(0), inputs.get(1));
    return new NDList(
        sparse(prompts, (long) size[0], (long) size[1], Prompts.CornerLabels.EMBEDDED));
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    Shape points = inputShapes[0];
    return new Shape[] {new Shape(points.get(0), points.get(1), points.get(2) + 1, dim)};
  }
}
