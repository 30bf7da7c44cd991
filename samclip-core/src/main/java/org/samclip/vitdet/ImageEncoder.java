package org.samclip.vitdet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Parameter;
import java.util.Map;
import org.samclip.nn.Conv2d;
import org.samclip.nn.Init;
import org.samclip.nn.Layer;
import org.samclip.nn.LayerNorm2d;
import org.samclip.nn.PositionGrid;
import org.samclip.nn.Stack;

/**
 * Patches to tokens, blocks, neck (segment-anything, image_encoder.py {@code ImageEncoderViT}).
 *
 * <p>Takes images of any height and width that are multiples of the patch: unlike the reference,
 * the absolute positions are interpolated to the token grid.
 */
public final class ImageEncoder extends Layer {

  private final ViTDetConfig config;
  private final Parameter posEmbed;
  private final PatchEmbed patchEmbed;
  private final Stack blocks;
  private final Stack neck;

  /**
   * @param config the sizes
   */
  public ImageEncoder(ViTDetConfig config) {
    this.config = config;
    int c = config.width();
    posEmbed =
        parameter("pos_embed", Init.truncatedNormal(.02), 1, config.grid(), config.grid(), c);
    patchEmbed = child("patch_embed", new PatchEmbed(config.patch(), c));
    blocks = child("blocks", new Stack());
    for (int i = 0; i < config.depth(); i++) {
      blocks.add(
          new Block(c, config.heads(), config.mlpRatio(), config.windowOf(i), config.grid()));
    }
    neck = child("neck", newNeck(c, config.neck()));
  }

  /**
   * The form of neck that SAM's head stands on: convolution of 1, norm, convolution of 3, norm.
   *
   * @param width C, of the tokens
   * @param channels N, of the image embedding
   * @return layers from [B, C, h, w] to [B, N, h, w]
   */
  public static Stack newNeck(int width, int channels) {
    Stack neck = new Stack();
    neck.add(new Conv2d(width, channels, 1, 1, 0, false));
    neck.add(new LayerNorm2d(channels));
    neck.add(new Conv2d(channels, channels, 3, 1, 1, false));
    neck.add(new LayerNorm2d(channels));
    return neck;
  }

  /**
   * @return the sizes
   */
  public ViTDetConfig config() {
    return config;
  }

  /**
   * @param images [B, 3, H, W], normalised; H and W multiples of the patch
   * @return tokens before the first block, positions added, [B, H / patch, W / patch, C]
   */
  public NDArray embed(NDArray images) {
    PositionGrid.requireWholePatches(images.getShape(), config.patch());
    NDArray x = patchEmbed.forward(images);
    return x.add(
        PositionGrid.resize(
            x.getManager(), posEmbed.getArray(), x.getShape().get(1), x.getShape().get(2)));
  }

  /**
   * The backbone that both heads share.
   *
   * @param images [B, 3, H, W], normalised
   * @return tokens after the last block, before the neck, [B, H / patch, W / patch, C]
   */
  public NDArray tokens(NDArray images) {
    return blocks.forward(embed(images));
  }

  /**
   * @param tokens [B, h, w, C] after the last block
   * @return the SAM head's image embedding, [B, neck, h, w]
   */
  public NDArray neck(NDArray tokens) {
    return neck.forward(tokens.transpose(0, 3, 1, 2));
  }

  /**
   * @param images [B, 3, H, W], normalised
   * @return the SAM head's image embedding, [B, neck, H / patch, W / patch]
   */
  @Override
  public NDArray forward(NDArray images) {
    return neck(tokens(images));
  }

  /**
   * @return the blocks in order
   */
  public Stack blocks() {
    return blocks;
  }

  /**
   * @return the neck's four layers in order
   */
  public Stack neckLayers() {
    return neck;
  }

  @Override
  public Map<String, Object> constants() {
    return Map.of("patch", config.patch());
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    Shape x = inputShapes[0];
    long h = x.get(2) / config.patch();
    long w = x.get(3) / config.patch();
    return new Shape[] {new Shape(x.get(0), config.neck(), h, w)};
  }
}
