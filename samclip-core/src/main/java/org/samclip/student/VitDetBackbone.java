package org.samclip.student;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.samclip.kernel.Autograd;
import org.samclip.model.Arithmetic;
import org.samclip.nn.Layer;
import org.samclip.vitdet.ImageEncoder;
import org.samclip.vitdet.ViTDetConfig;

/**
 * SAM's image encoder as a backbone: patches only. Its neck belongs to the encoder's parameters,
 * but is run by the mask head.
 *
 * @param encoder the network
 */
public record VitDetBackbone(ImageEncoder encoder) implements Backbone {

  /** Name in configs and files. */
  public static final String KIND = "vit-det";

  @Override
  public ImageEncoder module() {
    return encoder;
  }

  @Override
  public String kind() {
    return KIND;
  }

  private ViTDetConfig config() {
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
    return 0;
  }

  @Override
  public boolean hasClassToken() {
    return false;
  }

  @Override
  public boolean isLearning() {
    return encoder.arrays().entrySet().stream()
        .anyMatch(p -> !p.getKey().startsWith("neck.") && p.getValue().hasGradient());
  }

  @Override
  public Shape row(int side) {
    return new Shape(side / patch(), side / patch(), width());
  }

  @Override
  public NDArray output(NDArray images) {
    return encoder.tokens(images);
  }

  @Override
  public BackboneFeatures features(NDArray output, long h, long w) {
    return new BackboneFeatures(tokens(output), Map.of());
  }

  private static Tokens tokens(NDArray patches) {
    return new Tokens(null, patches);
  }

  @Override
  public BackbonePass pass(NDArray images, Set<Integer> blocks, boolean checkpoint) {
    requireBlocks(blocks);
    return new Pass(
        org.samclip.vitdet.BackbonePass.of(encoder, images, blocks, checkpoint), blocks);
  }

  @Override
  public BackboneFeatures features(NDArray images, Set<Integer> blocks) {
    requireBlocks(blocks);
    NDArray x = encoder.embed(images);
    Map<Integer, Tokens> tapped = new LinkedHashMap<>();
    for (int i = 0; i < depth(); i++) {
      x = ((Layer) encoder.blocks().getChildren().valueAt(i)).forward(x);
      if (blocks.contains(i)) {
        tapped.put(i, tokens(x));
      }
    }
    return new BackboneFeatures(tokens(x), tapped);
  }

  @Override
  public double operations(int side) {
    return Arithmetic.backbone(config(), side);
  }

  @Override
  public double embeddingOperations(int side) {
    return Arithmetic.patches(config(), side);
  }

  private record Pass(org.samclip.vitdet.BackbonePass inner, Set<Integer> blocks)
      implements BackbonePass {

    @Override
    public BackboneFeatures features() {
      Map<Integer, Tokens> tapped = new LinkedHashMap<>();
      blocks.forEach(block -> tapped.put(block, tokens(inner.tokens(block))));
      return new BackboneFeatures(tokens(inner.tokens()), tapped);
    }

    @Override
    public void backward(Autograd on) {
      inner.backward(on);
    }
  }
}
