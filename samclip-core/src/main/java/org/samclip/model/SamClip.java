package org.samclip.model;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import org.samclip.nn.Module;
import org.samclip.sam.MaskDecoder;
import org.samclip.sam.PromptEncoder;
import org.samclip.sam.SamHead;
import org.samclip.vitdet.Block;
import org.samclip.vitdet.ImageEncoder;

/**
 * The merged model: one backbone, a CLIP head on its tokens, SAM's head behind its neck. SAM's part
 * keeps SAM's names; the CLIP head's begin with {@code clip_head.}
 */
public final class SamClip extends Module {

  /** First part of the names of the CLIP head's parameters. */
  public static final String CLIP_HEAD = "clip_head";

  private final SamClipConfig config;
  private final ImageEncoder imageEncoder;
  private final SamHead samHead;
  private final ClipHead clipHead;

  /**
   * @param config the sizes
   */
  public SamClip(SamClipConfig config) {
    this.config = config;
    imageEncoder = child("image_encoder", new ImageEncoder(config.encoder()));
    PromptEncoder prompts = child("prompt_encoder", new PromptEncoder(config.samHead()));
    MaskDecoder decoder = child("mask_decoder", new MaskDecoder(config.samHead()));
    samHead = new SamHead(prompts, decoder, config.encoder().patch());
    clipHead = child(CLIP_HEAD, new ClipHead(config.clipHead(), config.encoder()));
  }

  /**
   * @return the sizes
   */
  public SamClipConfig config() {
    return config;
  }

  /**
   * @return the backbone and neck
   */
  public ImageEncoder imageEncoder() {
    return imageEncoder;
  }

  /**
   * @return prompt encoder and mask decoder
   */
  public SamHead samHead() {
    return samHead;
  }

  /**
   * @return the CLIP head
   */
  public ClipHead clipHead() {
    return clipHead;
  }

  /**
   * Starts the CLIP head's layers from the backbone's last one.
   *
   * @param init what is copied
   */
  public void initializeClipHead(ClipHead.Init init) {
    var blocks = imageEncoder.blocks().getChildren().values();
    clipHead.initializeFrom((Block) blocks.get(blocks.size() - 1), init);
  }

  /**
   * One pass of the backbone for everything.
   *
   * @param images [B, 3, H, W], with SAM's normalisation; H and W multiples of the patch
   * @return both heads' outputs and the CLIP head's tokens
   */
  public Features features(NDArray images) {
    NDArray tokens = imageEncoder.tokens(images);
    NDArray clip = clipHead.features(tokens);
    return new Features(
        clipHead.pooled(clip), clipHead.dense(clip), clip, imageEncoder.neck(tokens));
  }

  /**
   * What one pass gives.
   *
   * @param image [B, E], in CLIP's space, not normalised
   * @param patches [B, E, h, w], in CLIP's space, unit length
   * @param tokens [B, h, w, C], the CLIP head's before its pooling
   * @param neck [B, N, h, w], for SAM's head
   */
  public record Features(NDArray image, NDArray patches, NDArray tokens, NDArray neck) {}

  /** Input: images. Outputs: image embedding, patch features, SAM's image embedding. */
  @Override
  protected NDList forward(NDList inputs) {
    Features features = features(inputs.singletonOrThrow());
    return new NDList(features.image(), features.patches(), features.neck());
  }

  @Override
  public Map<String, Object> constants() {
    return Map.of("patch", config.encoder().patch());
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    Shape neck = imageEncoder.getOutputShapes(inputShapes)[0];
    long e = config.clipHead().embedDim();
    return new Shape[] {
      new Shape(neck.get(0), e), new Shape(neck.get(0), e, neck.get(2), neck.get(3)), neck
    };
  }
}
