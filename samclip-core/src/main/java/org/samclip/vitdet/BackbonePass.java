package org.samclip.vitdet;

import ai.djl.ndarray.NDArray;
import java.util.Set;
import org.samclip.kernel.Autograd;

/**
 * The backbone's tokens for a training step: the embedding of the patches, then a {@link
 * BlockPass}.
 *
 * <pre>{@code
 * BackbonePass pass = BackbonePass.of(encoder, images, true);
 * on.backward(loss(pass.tokens()));
 * pass.backward(on);
 * }</pre>
 */
public final class BackbonePass {

  private final NDArray embedded;
  private final NDArray leaf;
  private final BlockPass blocks;

  private BackbonePass(NDArray embedded, NDArray leaf, BlockPass blocks) {
    this.embedded = embedded;
    this.leaf = leaf;
    this.blocks = blocks;
  }

  /**
   * Runs the backbone; gradients are recorded by the thread's mode.
   *
   * @param encoder the backbone
   * @param images [B, 3, H, W], normalised
   * @param checkpoint whether to compute each block again in the backward pass
   * @return the pass, whose arrays belong to the images' manager
   */
  public static BackbonePass of(ImageEncoder encoder, NDArray images, boolean checkpoint) {
    return of(encoder, images, Set.of(), checkpoint);
  }

  /**
   * The same with tokens after inner blocks.
   *
   * @param encoder the backbone
   * @param images [B, 3, H, W], normalised
   * @param blocks indices, from 0, of the blocks whose tokens are wanted beside the last
   * @param checkpoint whether to compute each block again in the backward pass
   * @return the pass, whose arrays belong to the images' manager
   */
  public static BackbonePass of(
      ImageEncoder encoder, NDArray images, Set<Integer> blocks, boolean checkpoint) {
    NDArray embedded = encoder.embed(images);
    NDArray leaf = Autograd.leaf(embedded, embeddingLearns(encoder));
    return new BackbonePass(
        embedded, leaf, BlockPass.of(encoder.blocks(), leaf, blocks, checkpoint));
  }

  private static boolean embeddingLearns(ImageEncoder encoder) {
    return encoder.arrays().entrySet().stream()
        .filter(p -> p.getKey().startsWith("patch_embed.") || p.getKey().equals("pos_embed"))
        .anyMatch(p -> p.getValue().hasGradient());
  }

  /**
   * @return tokens after the last block, before the neck, [B, H / patch, W / patch, C]
   */
  public NDArray tokens() {
    return blocks.output();
  }

  /**
   * @param block index of one of the wanted inner blocks
   * @return tokens after it, [B, H / patch, W / patch, C]
   */
  public NDArray tokens(int block) {
    return blocks.output(block);
  }

  /**
   * Brings the tokens' gradient to the encoder's parameters, once, after the backward pass of what
   * was made of the tokens.
   *
   * @param on recording of gradients
   */
  public void backward(Autograd on) {
    blocks.backward(on);
    if (leaf.hasGradient()) {
      try (NDArray gradient = leaf.getGradient()) {
        on.backward(embedded, gradient);
      }
    }
  }
}
