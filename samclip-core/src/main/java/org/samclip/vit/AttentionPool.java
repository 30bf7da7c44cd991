package org.samclip.vit;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import org.samclip.kernel.Kernels;
import org.samclip.nn.Init;
import org.samclip.nn.Layer;
import org.samclip.nn.LayerNorm;
import org.samclip.nn.Linear;

/**
 * One learned query attends to all tokens; an MLP follows (transformers, modeling_siglip.py {@code
 * SiglipMultiheadAttentionPoolingHead}).
 */
final class AttentionPool extends Layer {

  private final int width;
  private final int heads;
  private final Parameter probe;
  private final Parameter inWeight;
  private final Parameter inBias;
  private final Linear out;
  private final LayerNorm norm;
  private final VitBlock.VitMlpLayers mlp;

  /**
   * @param block whose width, heads, MLP and norm are the pool's as well
   */
  AttentionPool(BlockConfig block) {
    width = block.width();
    heads = block.heads();
    probe = parameter("probe", Init.normal(.02), 1, 1, width);
    inWeight = parameter("attention.in_proj_weight", Init.truncatedNormal(.02), 3L * width, width);
    inBias = parameter("attention.in_proj_bias", Init.ZEROS, 3L * width);
    out = child("attention.out_proj", new Linear(width, width));
    norm = child("layernorm", new LayerNorm(width, block.eps()));
    mlp = child("mlp", new VitBlock.VitMlpLayers(width, block.hidden(), block.mlp()));
  }

  /**
   * @param tokens [B, N, C]
   * @return [B, C]
   */
  @Override
  public NDArray forward(NDArray tokens) {
    NDArray query = probe.getArray().broadcast(new Shape(tokens.getShape().get(0), 1, width));
    query.attach(tokens.getManager());
    NDArray[] o = out.weights();
    NDArray[] weights = new NDArray[8];
    for (int i = 0; i < 3; i++) {
      String rows = i * width + ":" + (i + 1) * width;
      weights[2 * i] = inWeight.getArray().get(rows);
      weights[2 * i + 1] = inBias.getArray().get(rows);
      weights[2 * i].attach(tokens.getManager());
      weights[2 * i + 1].attach(tokens.getManager());
    }
    weights[6] = o[0];
    weights[7] = o[1];
    NDArray x = Kernels.multiHeadAttention(query, tokens, tokens, weights, heads);
    return x.add(mlp.forward(norm.forward(x))).squeeze(1);
  }

  /**
   * What the pool would give for each token if it were the only one: the query attends to it alone,
   * whatever their match, so that its value remains.
   *
   * @param tokens [B, N, C]
   * @return [B, N, C]
   */
  NDArray each(NDArray tokens) {
    NDArray weight = inWeight.getArray().get(2 * width + ":");
    NDArray bias = inBias.getArray().get(2 * width + ":");
    weight.attach(tokens.getManager());
    bias.attach(tokens.getManager());
    NDArray x = out.forward(Kernels.linear(tokens, weight, bias));
    return x.add(mlp.forward(norm.forward(x)));
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return new Shape[] {new Shape(inputShapes[0].get(0), width)};
  }
}
