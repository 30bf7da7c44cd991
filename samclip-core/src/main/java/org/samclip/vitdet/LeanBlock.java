package org.samclip.vitdet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.List;
import java.util.stream.Stream;
import org.samclip.kernel.Autograd;

/**
 * A block with a backward pass of its own. Of all that autograd would keep, it keeps what attention
 * gives, the sum before the MLP and the MLP's first layer, or, checkpointed, nothing but the input.
 * What attention takes is computed again in either case.
 */
final class LeanBlock implements Segment {

  private final Block block;
  private final NDArray input;
  private final boolean keep;
  private NDArray attended;
  private NDList kept;

  /**
   * @param block one for which {@link Block#isLean} holds
   * @param input [B, H, W, C], without history
   * @param keep what the backward pass needs; else it is computed again
   */
  LeanBlock(Block block, NDArray input, boolean keep) {
    this.block = block;
    this.input = input;
    this.keep = keep;
  }

  @Override
  public NDArray forward() {
    NDArray output = compute();
    if (!keep) {
      free();
    }
    output.setRequiresGradient(Segment.learns(input, List.of(block)));
    return output;
  }

  private NDArray compute() {
    try (Autograd off = Autograd.disabled();
        NDArray inputs = block.attentionInputs(input)) {
      attended = block.attend(input, inputs);
      NDList results = block.afterAttention(input, attended);
      kept = results.subNDList(1);
      return results.get(0);
    }
  }

  private void free() {
    attended.close();
    kept.close();
  }

  @Override
  public NDArray backward(Autograd on, NDArray upstream) {
    if (!keep) {
      compute().close();
    }
    NDArray[] weights = block.afterWeights();
    NDList gradients;
    try (Autograd off = Autograd.disabled()) {
      gradients = block.afterAttentionBackward(kept, attended, upstream);
    }
    for (int i = 0; i < weights.length; i++) {
      if (weights[i].hasGradient()) {
        on.backward(weights[i], gradients.get(2 + i));
      }
    }
    if (input.hasGradient() || Stream.of(block.attentionWeights()).anyMatch(NDArray::hasGradient)) {
      throughAttention(on, gradients.get(1));
    }
    NDArray below = input.hasGradient() ? input.getGradient() : null;
    if (below != null) {
      below.addi(gradients.get(0));
    }
    gradients.close();
    free();
    return below;
  }

  private void throughAttention(Autograd on, NDArray upstream) {
    try (NDArray inputs = block.attentionInputs(input)) {
      NDArray gradient;
      try (Autograd off = Autograd.disabled()) {
        gradient = block.attendBackward(input, inputs, attended, upstream);
      }
      on.backward(inputs, gradient);
      gradient.close();
    }
  }
}
