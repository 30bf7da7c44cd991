package org.samclip.sam;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import org.samclip.nn.ConvTranspose2d;
import org.samclip.nn.Embedding;
import org.samclip.nn.Gelu;
import org.samclip.nn.LayerNorm2d;
import org.samclip.nn.Mlp;
import org.samclip.nn.Module;
import org.samclip.nn.Stack;

/** Image embedding and prompts to mask logits (segment-anything, mask_decoder.py). */
public final class MaskDecoder extends Module {

  private final SamHeadConfig config;
  private final TwoWayTransformer transformer;
  private final Embedding iouToken;
  private final Embedding maskTokens;
  private final Stack upscaling;
  private final List<Mlp> hypernetworks = new ArrayList<>();
  private final Mlp iouHead;

  /**
   * @param config the sizes
   */
  public MaskDecoder(SamHeadConfig config) {
    this.config = config;
    int dim = config.dim();
    int masks = config.multimaskOutputs() + 1;
    transformer = child("transformer", new TwoWayTransformer(config));
    iouToken = child("iou_token", new Embedding(1, dim, 1));
    maskTokens = child("mask_tokens", new Embedding(masks, dim, 1));
    upscaling = child("output_upscaling", new Stack());
    upscaling.add(new ConvTranspose2d(dim, dim / 4, 2));
    upscaling.add(new LayerNorm2d(dim / 4));
    upscaling.add(new Gelu());
    upscaling.add(new ConvTranspose2d(dim / 4, dim / 8, 2));
    upscaling.add(new Gelu());
    Stack hyper = child("output_hypernetworks_mlps", new Stack());
    for (int i = 0; i < masks; i++) {
      hypernetworks.add(hyper.add(new Mlp(dim, dim, dim / 8, 3, Mlp.Activation.RELU)));
    }
    iouHead =
        child(
            "iou_prediction_head",
            new Mlp(
                dim, config.iouHeadHidden(), masks, config.iouHeadDepth(), Mlp.Activation.RELU));
  }

  /**
   * Mask logits and predicted IoU for all output tokens: the single mask first, then the masks for
   * an ambiguous prompt.
   *
   * @param embedding [B, C, h, w], the image encoder's output
   * @param positions [1, C, h, w], {@link PromptEncoder#densePositions}
   * @param sparse [B, P, T, C], or null without points and boxes
   * @param dense [B, P, C, h, w]
   * @return all masks
   */
  public Masks decode(NDArray embedding, NDArray positions, NDArray sparse, NDArray dense) {
    Shape s = dense.getShape();
    long b = s.get(0);
    long p = s.get(1);
    long c = s.get(2);
    long h = s.get(3);
    long w = s.get(4);
    NDManager m = embedding.getManager();
    NDArray tokens = tokens(m, sparse, b * p);
    // Each prompt reads its own image: [B, 1, C, h, w] + [B, P, C, h, w].
    NDArray source = embedding.expandDims(1).add(dense).reshape(b * p, c, h * w);
    NDArray image = source.transpose(0, 2, 1);
    NDArray imagePe = positions.reshape(1, c, h * w).transpose(0, 2, 1);
    NDList both = transformer.forward(image, imagePe, tokens);
    NDArray out = both.get(0);
    NDArray grid = both.get(1).transpose(0, 2, 1).reshape(b * p, c, h, w);
    NDArray upscaled = upscaling.forward(grid);

    NDList filters = new NDList();
    for (int i = 0; i < hypernetworks.size(); i++) {
      filters.add(hypernetworks.get(i).forward(out.get(":, " + (i + 1))));
    }
    long n = hypernetworks.size();
    NDArray flat = upscaled.reshape(b * p, c / 8, 16 * h * w);
    NDArray logits = NDArrays.stack(filters, 1).matMul(flat).reshape(b, p, n, 4 * h, 4 * w);
    NDArray iou = iouHead.forward(out.get(":, 0")).reshape(b, p, n);
    return new Masks(logits, iou);
  }

  private NDArray tokens(NDManager target, NDArray sparse, long count) {
    NDArray output = iouToken.table().concat(maskTokens.table(), 0);
    output.attach(target);
    long n = output.getShape().get(0);
    NDArray repeated = output.expandDims(0).broadcast(count, n, config.dim());
    if (sparse == null) {
      return repeated;
    }
    return repeated.concat(sparse.reshape(count, sparse.getShape().get(2), config.dim()), 1);
  }

  /** Inputs: embedding, positions, sparse, dense. Outputs: logits and IoU. */
  @Override
  protected NDList forward(NDList inputs) {
    Masks masks = decode(inputs.get(0), inputs.get(1), inputs.get(2), inputs.get(3));
    return new NDList(masks.logits(), masks.iou());
  }

  /**
   * @return the two-way transformer
   */
  public TwoWayTransformer transformer() {
    return transformer;
  }

  /**
   * @return the layers from image tokens to the masks' resolution
   */
  public Stack upscaling() {
    return upscaling;
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    Shape dense = inputShapes[3];
    long n = config.multimaskOutputs() + 1L;
    Shape logits = new Shape(dense.get(0), dense.get(1), n, 4 * dense.get(3), 4 * dense.get(4));
    return new Shape[] {logits, new Shape(dense.get(0), dense.get(1), n)};
  }
}
