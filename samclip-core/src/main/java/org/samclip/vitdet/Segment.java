package org.samclip.vitdet;

import ai.djl.ndarray.NDArray;
import java.util.List;
import org.samclip.kernel.Autograd;

/** Some blocks in a training step, whose part of the backward pass is run by itself. */
interface Segment {

  /**
   * Computes the blocks.
   *
   * @return [B, H, W, C] without history; with a gradient if the blocks or something before learn
   */
  NDArray forward();

  /**
   * Brings a gradient to the blocks' parameters and frees what they kept.
   *
   * @param on recording of gradients
   * @param upstream the gradient for the output
   * @return the gradient for the input, or null if nothing before it learns
   */
  NDArray backward(Autograd on, NDArray upstream);

  /** Whether any gradient is asked for, by a block or by what is before them. */
  static boolean learns(NDArray input, List<Block> blocks) {
    return input.hasGradient()
        || blocks.stream()
            .flatMap(b -> b.arrays().values().stream())
            .anyMatch(NDArray::hasGradient);
  }
}
