package org.samclip.vitdet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.ArrayList;
import java.util.List;
import org.samclip.kernel.Autograd;

/**
 * The backbone's tokens for a training step. Either autograd keeps what each block needs for its
 * backward pass, or only each block's input is kept and the block is computed a second time when
 * its turn comes (activation checkpointing): the same gradients for less memory and one more
 * forward pass.
 *
 * <pre>{@code
 * BackbonePass pass = BackbonePass.of(encoder, images, true);
 * on.backward(loss(pass.tokens()));
 * pass.backward(on);
 * }</pre>
 */
public final class BackbonePass {

  private final ImageEncoder encoder;
  private final NDArray embedded;
  private final NDArray tokens;

  /** Inputs of the blocks, cut off from each other; null: autograd has recorded everything. */
  private final List<NDArray> inputs;

  private BackbonePass(
      ImageEncoder encoder, NDArray embedded, NDArray tokens, List<NDArray> inputs) {
    this.encoder = encoder;
    this.embedded = embedded;
    this.tokens = tokens;
    this.inputs = inputs;
  }

  /**
   * Runs the backbone; gradients are recorded by the thread's mode.
   *
   * @param encoder the backbone
   * @param images [B, 3, H, W], normalised
   * @param checkpoint whether to compute each block again in the backward pass; without effect
   *     where nothing of the encoder learns, as then nothing is kept anyhow
   * @return the pass, whose arrays belong to the images' manager
   */
  public static BackbonePass of(ImageEncoder encoder, NDArray images, boolean checkpoint) {
    NDArray embedded = encoder.embed(images);
    boolean learning = embeddingLearns(encoder);
    if (!checkpoint || !learning && blocks(encoder).stream().noneMatch(BackbonePass::learns)) {
      return new BackbonePass(encoder, embedded, encoder.blocks().forward(embedded), null);
    }
    List<NDArray> inputs = new ArrayList<>();
    NDArray x = leaf(embedded, learning);
    for (Block block : blocks(encoder)) {
      inputs.add(x);
      learning |= learns(block);
      // Recorded and thrown away: without recording, attention would take another kernel, whose
      // rounding differs.
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        x = leaf(block.forward(x), learning);
        NDScope.unregister(x);
      }
    }
    return new BackbonePass(encoder, embedded, x, inputs);
  }

  /** The same values without their history; with a gradient if something before it learns. */
  private static NDArray leaf(NDArray x, boolean learning) {
    NDArray leaf = x.stopGradient();
    leaf.setRequiresGradient(learning);
    return leaf;
  }

  private static boolean embeddingLearns(ImageEncoder encoder) {
    return encoder.arrays().entrySet().stream()
        .filter(p -> p.getKey().startsWith("patch_embed.") || p.getKey().equals("pos_embed"))
        .anyMatch(p -> p.getValue().hasGradient());
  }

  private static boolean learns(Block block) {
    return block.arrays().values().stream().anyMatch(NDArray::hasGradient);
  }

  private static List<Block> blocks(ImageEncoder encoder) {
    return encoder.blocks().getChildren().values().stream().map(Block.class::cast).toList();
  }

  /**
   * @return tokens after the last block, before the neck, [B, H / patch, W / patch, C]
   */
  public NDArray tokens() {
    return tokens;
  }

  /**
   * Brings the tokens' gradient to the encoder's parameters, once, after the backward pass of what
   * was made of the tokens. Without checkpointing that pass has done so already.
   *
   * @param on recording of gradients
   */
  public void backward(Autograd on) {
    if (inputs == null) {
      return;
    }
    NDArray upstream = tokens.getGradient();
    List<Block> blocks = blocks(encoder);
    for (int i = blocks.size() - 1; i >= 0; i--) {
      NDArray input = inputs.get(i);
      boolean deeper = input.hasGradient();
      if (!deeper && !learns(blocks.get(i))) {
        return;
      }
      NDArray below = throughBlock(on, blocks.get(i), input, upstream);
      upstream.close();
      input.close();
      if (!deeper) {
        return;
      }
      upstream = below;
    }
    on.backward(embedded, upstream);
  }

  /** The gradient for a block's input, or null; what the block made is freed. */
  private static NDArray throughBlock(Autograd on, Block block, NDArray input, NDArray upstream) {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      on.backward(block.forward(input), upstream);
      if (!input.hasGradient()) {
        return null;
      }
      NDArray gradient = input.getGradient();
      NDScope.unregister(gradient);
      return gradient;
    }
  }
}
