package org.samclip.clip;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import org.samclip.nn.Conv2d;
import org.samclip.nn.Init;
import org.samclip.nn.Layer;
import org.samclip.nn.LayerNorm;
import org.samclip.nn.PositionGrid;

/** CLIP's ViT with a class token (open_clip, transformer.py {@code VisionTransformer}). */
public final class ImageTower extends Layer {

  private final ClipConfig config;
  private final Parameter classEmbedding;
  private final Parameter positions;
  private final Parameter proj;
  private final Conv2d conv1;
  private final LayerNorm lnPre;
  private final Transformer transformer;
  private final LayerNorm lnPost;

  /**
   * @param config the sizes
   */
  public ImageTower(ClipConfig config) {
    this.config = config;
    ClipConfig.Vision v = config.vision();
    int c = v.width();
    Init scaled = Init.normal(Math.pow(c, -.5));
    classEmbedding = parameter("class_embedding", scaled, c);
    positions = parameter("positional_embedding", scaled, 1L + (long) v.grid() * v.grid(), c);
    proj = parameter("proj", scaled, c, config.embedDim());
    conv1 = child("conv1", new Conv2d(3, c, v.patch(), v.patch(), 0, false));
    lnPre = child("ln_pre", new LayerNorm(c, ResidualBlock.NORM_EPS));
    transformer =
        child(
            "transformer",
            new Transformer(v.layers(), c, v.heads(), v.mlpRatio(), false, config.quickGelu()));
    lnPost = child("ln_post", new LayerNorm(c, ResidualBlock.NORM_EPS));
  }

  /**
   * @param images [B, 3, H, W], normalised; H and W multiples of the patch
   * @return tokens before the first block, [B, 1 + h w, C], class token first
   */
  public NDArray embed(NDArray images) {
    PositionGrid.requireWholePatches(images.getShape(), config.vision().patch());
    NDArray patches = conv1.forward(images);
    Shape s = patches.getShape();
    long b = s.get(0);
    long c = s.get(1);
    NDArray x = patches.reshape(b, c, s.get(2) * s.get(3)).transpose(0, 2, 1);
    NDArray cls = classEmbedding.getArray().reshape(1, 1, c);
    cls.attach(x.getManager());
    NDArray pos =
        PositionGrid.resizeWithClass(x.getManager(), positions.getArray(), s.get(2), s.get(3));
    return lnPre.forward(cls.broadcast(b, 1, c).concat(x, 1).add(pos));
  }

  /**
   * @param images [B, 3, H, W], normalised
   * @return tokens after the last block, before the last norm, [B, 1 + h w, C]
   */
  public NDArray tokens(NDArray images) {
    return transformer.forward(embed(images));
  }

  /**
   * @param tokens [B, N, C] after the last block
   * @return in the shared space, [B, N, E], not normalised
   */
  public NDArray project(NDArray tokens) {
    return lnPost.forward(tokens).matMul(proj.getArray());
  }

  /**
   * @param images [B, 3, H, W], normalised
   * @return image features [B, E], not normalised
   */
  @Override
  public NDArray forward(NDArray images) {
    return project(tokens(images).get(":, 0"));
  }

  /**
   * A feature for every patch: the last norm and projection applied to its token.
   *
   * @param images [B, 3, H, W], normalised
   * @param form what the last block does
   * @return [B, E, h, w], not normalised
   */
  public NDArray patchFeatures(NDArray images, DenseForm form) {
    long h = images.getShape().get(2) / config.vision().patch();
    long w = images.getShape().get(3) / config.vision().patch();
    NDArray tokens = form == DenseForm.OUTPUT ? tokens(images) : values(images, form);
    NDArray projected = project(tokens.get(":, 1:"));
    Shape s = projected.getShape();
    return projected.transpose(0, 2, 1).reshape(s.get(0), s.get(2), h, w);
  }

  private NDArray values(NDArray images, DenseForm form) {
    var blocks = transformer.blocks().getChildren().values();
    NDArray x = embed(images);
    for (var block : blocks.subList(0, blocks.size() - 1)) {
      x = ((ResidualBlock) block).forward(x);
    }
    ResidualBlock last = (ResidualBlock) blocks.get(blocks.size() - 1);
    return form == DenseForm.VALUE ? last.value(x) : last.valueBlock(x);
  }

  /**
   * @return the blocks
   */
  public Transformer transformer() {
    return transformer;
  }

  /**
   * @return the norm after the last block
   */
  public LayerNorm lnPost() {
    return lnPost;
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return new Shape[] {new Shape(inputShapes[0].get(0), config.embedDim())};
  }
}
