package org.samclip.vitdet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.List;
import org.samclip.kernel.Autograd;

/** Blocks that autograd records. */
final class Span implements Segment {

  private final List<Block> blocks;
  private final NDArray input;
  private final boolean keep;
  private NDArray output;

  /**
   * @param blocks at least one
   * @param input [B, H, W, C], without history
   * @param keep the record for the backward pass; else the blocks are computed again
   */
  Span(List<Block> blocks, NDArray input, boolean keep) {
    this.blocks = blocks;
    this.input = input;
    this.keep = keep;
  }

  @Override
  public NDArray forward() {
    boolean learning = Segment.learns(input, blocks);
    if (keep) {
      return Autograd.leaf(record(), learning);
    }
    // Recorded and thrown away: without recording, attention would take another kernel, whose
    // rounding differs.
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      NDArray leaf = Autograd.leaf(record(), learning);
      NDScope.unregister(leaf);
      return leaf;
    }
  }

  private NDArray record() {
    output = input;
    for (Block block : blocks) {
      output = block.forward(output);
    }
    return output;
  }

  @Override
  public NDArray backward(Autograd on, NDArray upstream) {
    if (keep) {
      return through(on, upstream);
    }
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      record();
      NDArray below = through(on, upstream);
      if (below != null) {
        NDScope.unregister(below);
      }
      return below;
    }
  }

  private NDArray through(Autograd on, NDArray upstream) {
    on.backward(output, upstream);
    output.close();
    return input.hasGradient() ? input.getGradient() : null;
  }
}
