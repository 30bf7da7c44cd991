package org.samclip.vitdet;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.Kernels;

/**
 * Some blocks in a training step, cut off from what is before and behind them, so that their part
 * of the backward pass can be run by itself. The first may attend apart from autograd's record,
 * with a backward pass of its own.
 */
final class Span {

  private final List<Block> blocks;
  private final NDArray input;
  private NDArray attentionInputs;
  private NDArray attended;
  private NDArray output;

  /**
   * @param blocks at least one; only the first may attend apart
   * @param input [B, H, W, C], without history
   */
  Span(List<Block> blocks, NDArray input) {
    this.blocks = blocks;
    this.input = input;
  }

  /** The same values without their history; with a gradient if something before it learns. */
  static NDArray leaf(NDArray x, boolean learning) {
    NDArray leaf = x.stopGradient();
    leaf.setRequiresGradient(learning);
    return leaf;
  }

  /**
   * @return whether any gradient is asked for, by a block or by what is before them
   */
  boolean learns() {
    return input.hasGradient()
        || blocks.stream()
            .flatMap(b -> b.arrays().values().stream())
            .anyMatch(NDArray::hasGradient);
  }

  /**
   * Computes the blocks.
   *
   * @return [B, H, W, C] with its history from the input on
   */
  NDArray record() {
    output = input;
    for (Block block : blocks) {
      output = block.attendsApart(output) ? apart(block) : block.forward(output);
    }
    return output;
  }

  private NDArray apart(Block block) {
    attentionInputs = block.attentionInputs(input);
    try (Autograd off = Autograd.disabled()) {
      attended = Kernels.attend(attentionInputs, height(), width());
    }
    attended.setRequiresGradient(input.hasGradient() || block.attentionInputsLearn());
    return block.afterAttention(input, attended);
  }

  private long height() {
    return input.getShape().get(1);
  }

  private long width() {
    return input.getShape().get(2);
  }

  /**
   * Brings a gradient to the blocks' parameters and frees what they made.
   *
   * @param on recording of gradients
   * @param upstream the gradient for the output
   * @return the gradient for the input, or null if nothing before it learns
   */
  NDArray backward(Autograd on, NDArray upstream) {
    on.backward(output, upstream);
    output.close();
    if (attended != null && attended.hasGradient()) {
      NDArray gradient;
      try (Autograd off = Autograd.disabled();
          NDArray attendedGradient = attended.getGradient()) {
        gradient =
            Kernels.attendBackward(attentionInputs, attended, attendedGradient, height(), width());
      }
      on.backward(attentionInputs, gradient);
      gradient.close();
      attended.close();
      attentionInputs.close();
    }
    return input.hasGradient() ? input.getGradient() : null;
  }
}
