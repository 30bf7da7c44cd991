package org.samclip.student;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.samclip.model.Arithmetic;
import org.samclip.vit.VitConfig;
import org.samclip.vit.VitEncoder;

/**
 * A plain ViT as a backbone: class token and registers before the patches, the last norm applied
 * after the last block; inner blocks as they are.
 *
 * @param encoder the network
 */
public record VitBackbone(VitEncoder encoder) implements Backbone {

  /** Name in configs and files. */
  public static final String KIND = "vit";

  @Override
  public VitEncoder module() {
    return encoder;
  }

  @Override
  public String kind() {
    return KIND;
  }

  private VitConfig config() {
    return encoder.config();
  }

  @Override
  public int patch() {
    return config().patch();
  }

  @Override
  public int width() {
    return config().width();
  }

  @Override
  public int depth() {
    return config().depth();
  }

  @Override
  public int prefix() {
    return config().prefix();
  }

  @Override
  public boolean hasClassToken() {
    return config().classToken();
  }

  @Override
  public boolean isLearning() {
    return encoder.isLearning();
  }

  @Override
  public Shape row(int side) {
    long row = side / patch();
    return new Shape(prefix() + row * row, width());
  }

  @Override
  public NDArray output(NDArray images) {
    return encoder.normed(encoder.tokens(images));
  }

  @Override
  public BackboneFeatures features(NDArray output, long h, long w) {
    return new BackboneFeatures(tokens(output, h, w), Map.of());
  }

  /** [B, P + h w, C] in its two parts. */
  Tokens tokens(NDArray x, long h, long w) {
    int p = prefix();
    NDArray prefix = p == 0 ? null : x.get(":, :" + p);
    NDArray patches = p == 0 ? x : x.get(":, " + p + ":");
    return new Tokens(prefix, patches.reshape(x.getShape().get(0), h, w, width()));
  }

  @Override
  public BackbonePass pass(NDArray images, Set<Integer> blocks, boolean checkpoint) {
    requireBlocks(blocks);
    return new VitPass(this, images, blocks, checkpoint);
  }

  @Override
  public BackboneFeatures features(NDArray images, Set<Integer> blocks) {
    requireBlocks(blocks);
    long h = images.getShape().get(2) / patch();
    long w = images.getShape().get(3) / patch();
    NDArray x = encoder.embed(images);
    NDArray[] rotary = encoder.rotary(images);
    Map<Integer, Tokens> tapped = new LinkedHashMap<>();
    for (int i = 0; i < depth(); i++) {
      x = encoder.block(i, x, rotary);
      if (blocks.contains(i)) {
        tapped.put(i, tokens(x, h, w));
      }
    }
    return new BackboneFeatures(tokens(encoder.normed(x), h, w), tapped);
  }

  @Override
  public double operations(int side) {
    return Arithmetic.backbone(config(), side);
  }

  @Override
  public double embeddingOperations(int side) {
    return Arithmetic.patches(config(), side);
  }
}
