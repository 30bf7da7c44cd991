package org.samclip.vit;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import java.util.ArrayList;
import java.util.List;
import org.samclip.nn.Init;
import org.samclip.nn.Layer;
import org.samclip.nn.LayerNorm;
import org.samclip.nn.PositionGrid;
import org.samclip.nn.Stack;
import org.samclip.vit.VitConfig.Summary;
import org.samclip.vitdet.PatchEmbed;

/**
 * A plain ViT: patches to tokens, class token and registers before them, blocks, norm (dinov2,
 * models/vision_transformer.py; transformers, modeling_dinov3_vit.py; timm, vision_transformer.py).
 *
 * <p>Takes images of any height and width that are multiples of the patch.
 */
public final class VitEncoder extends Layer {

  private static final NDArray[] NONE = {};
  private static final Init SMALL = Init.truncatedNormal(.02);

  private final VitConfig config;
  private final Parameter classToken;
  private final Parameter registers;
  private final Parameter posEmbed;
  private final PatchEmbed patchEmbed;
  private final Stack blocks;
  private final LayerNorm norm;
  private final AttentionPool pool;

  /**
   * @param config the sizes
   */
  public VitEncoder(VitConfig config) {
    this.config = config;
    int c = config.width();
    double eps = config.block().eps();
    classToken = config.classToken() ? parameter("cls_token", SMALL, 1, 1, c) : null;
    registers =
        config.registers() > 0
            ? parameter("register_tokens", SMALL, 1, config.registers(), c)
            : null;
    posEmbed =
        config.positions() instanceof Positions.Learned learned
            ? parameter("pos_embed", SMALL, 1, learned.rows(), c)
            : null;
    patchEmbed = child("patch_embed", new PatchEmbed(config.patch(), c));
    blocks = child("blocks", new Stack());
    for (int i = 0; i < config.depth(); i++) {
      blocks.add(new VitBlock(config.block()));
    }
    boolean normed = config.summary() != Summary.NORMED_MEAN;
    norm = child(normed ? "norm" : "fc_norm", new LayerNorm(c, eps));
    pool =
        config.summary() == Summary.ATTENTION
            ? child("attn_pool", new AttentionPool(config.block()))
            : null;
  }

  /**
   * @return the sizes
   */
  public VitConfig config() {
    return config;
  }

  /**
   * @param images [B, 3, H, W], normalised; H and W multiples of the patch
   * @return tokens before the first block, [B, P + h w, C]: the class token, registers, patches
   */
  public NDArray embed(NDArray images) {
    PositionGrid.requireWholePatches(images.getShape(), config.patch());
    NDArray grid = patchEmbed.forward(images);
    NDManager manager = grid.getManager();
    Shape s = grid.getShape();
    NDArray patches = grid.reshape(s.get(0), s.get(1) * s.get(2), s.get(3));
    NDArray first = classToken == null ? null : row(manager, classToken.getArray());
    if (config.positions() instanceof Positions.Learned learned) {
      int kept = learned.ofClass() ? 1 : 0;
      NDArray table = row(manager, posEmbed.getArray());
      NDArray positions =
          PositionGrid.resizeTable(manager, table, kept, s.get(1), s.get(2), learned.how());
      patches = patches.add(positions.get(kept + ":"));
      first = kept == 0 ? first : first.add(positions.get("0:1"));
    }
    List<NDArray> parts = new ArrayList<>();
    if (first != null) {
      parts.add(forEach(s.get(0), first));
    }
    if (registers != null) {
      parts.add(forEach(s.get(0), row(manager, registers.getArray())));
    }
    parts.add(patches);
    return joined(parts);
  }

  /** [1, n, C] of the model as [n, C] of the computation. */
  private static NDArray row(NDManager manager, NDArray parameter) {
    NDArray row = parameter.squeeze(0);
    row.attach(manager);
    return row;
  }

  private static NDArray forEach(long images, NDArray rows) {
    Shape s = rows.getShape();
    return rows.expandDims(0).broadcast(new Shape(images, s.get(0), s.get(1)));
  }

  private static NDArray joined(List<NDArray> parts) {
    NDArray joined = parts.get(parts.size() - 1);
    for (int i = parts.size() - 2; i >= 0; i--) {
      joined = parts.get(i).concat(joined, 1);
    }
    return joined;
  }

  /**
   * @param images [B, 3, H, W]
   * @return what turns the patches' queries and keys in every block, for {@link #block}
   */
  public NDArray[] rotary(NDArray images) {
    if (config.positions() instanceof Positions.Rotary positions) {
      int h = Math.toIntExact(images.getShape().get(2) / config.patch());
      int w = Math.toIntExact(images.getShape().get(3) / config.patch());
      return RotaryPositions.tables(
          images.getManager(), h, w, config.block().headWidth(), positions.theta());
    }
    return NONE;
  }

  /**
   * @param index of a block, from 0
   * @param x [B, P + h w, C]
   * @param rotary of {@link #rotary}
   * @return what the block gives, [B, P + h w, C]
   */
  public NDArray block(int index, NDArray x, NDArray[] rotary) {
    return ((VitBlock) blocks.getChildren().valueAt(index)).forward(x, rotary);
  }

  /**
   * @param x [B, P + h w, C], tokens after the last block
   * @return the same after the last norm
   */
  public NDArray normed(NDArray x) {
    return norm.forward(x);
  }

  /**
   * @param images [B, 3, H, W], normalised
   * @return tokens after the last block, before the last norm, [B, P + h w, C]
   */
  public NDArray tokens(NDArray images) {
    NDArray x = embed(images);
    NDArray[] rotary = rotary(images);
    for (int i = 0; i < config.depth(); i++) {
      x = block(i, x, rotary);
    }
    return x;
  }

  /**
   * @param images [B, 3, H, W], normalised
   * @return summary [B, C] and patches [B, C, h, w], as {@link Summary} says
   */
  public ImageFeatures features(NDArray images) {
    NDArray tokens = tokens(images);
    boolean normLast = config.summary() == Summary.NORMED_MEAN;
    NDArray x = normLast ? tokens : norm.forward(tokens);
    NDArray patches = x.get(":, " + config.prefix() + ":");
    NDArray summary =
        switch (config.summary()) {
          case CLASS -> x.get(":, 0");
          case MEAN -> patches.mean(new int[] {1});
          case NORMED_MEAN -> norm.forward(patches.mean(new int[] {1}));
          case ATTENTION -> pool.forward(x);
        };
    return new ImageFeatures(summary, grid(images, patches));
  }

  /**
   * A summary of each patch, where the summary is pooled by attention: what the pool would give if
   * that patch were the only token. It is in the space of the whole image's summary.
   *
   * @param images [B, 3, H, W], normalised
   * @return [B, C, h, w]
   * @throws IllegalStateException if the summary is another
   */
  public NDArray patchSummaries(NDArray images) {
    if (pool == null) {
      throw new IllegalStateException(
          "summary " + config.summary() + " is not pooled by attention");
    }
    NDArray patches = norm.forward(tokens(images)).get(":, " + config.prefix() + ":");
    return grid(images, pool.each(patches));
  }

  /** [B, h w, C] as [B, C, h, w]. */
  private NDArray grid(NDArray images, NDArray patches) {
    long h = images.getShape().get(2) / config.patch();
    long w = images.getShape().get(3) / config.patch();
    Shape spatial = new Shape(patches.getShape().get(0), config.width(), h, w);
    return patches.transpose(0, 2, 1).reshape(spatial);
  }

  /**
   * @param images [B, 3, H, W], normalised
   * @return the summary, [B, C]
   */
  @Override
  public NDArray forward(NDArray images) {
    return features(images).summary();
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    return new Shape[] {new Shape(inputShapes[0].get(0), config.width())};
  }
}
