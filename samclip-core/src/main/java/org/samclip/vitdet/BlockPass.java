package org.samclip.vitdet;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import org.samclip.kernel.Autograd;
import org.samclip.nn.Stack;

/**
 * ViT-Det blocks in a training step, in segments whose backward passes are run one after the other.
 * Each keeps what its backward pass needs, or only its input is kept, each block is a segment, and
 * it is computed a second time when its turn comes (activation checkpointing): the same gradients
 * for less memory and more work.
 */
public final class BlockPass {

  private final List<Segment> segments;
  private final NDArray output;

  private BlockPass(List<Segment> segments, NDArray output) {
    this.segments = segments;
    this.output = output;
  }

  /**
   * Runs the blocks; gradients are recorded by the thread's mode.
   *
   * @param stack of {@link Block}, at least one
   * @param input [B, H, W, C] without history; its gradient is computed if it is to have one
   * @param checkpoint whether to compute each block again in the backward pass; without effect
   *     where nothing learns, as then nothing is kept anyhow
   * @return the pass, whose arrays belong to the input's manager
   */
  public static BlockPass of(Stack stack, NDArray input, boolean checkpoint) {
    List<Block> blocks = blocks(stack);
    if (!Segment.learns(input, blocks)) {
      return new BlockPass(List.of(), stack.forward(input));
    }
    if (!checkpoint && !blocks.get(0).isLean(input)) {
      return recorded(stack, input);
    }
    List<Segment> segments = new ArrayList<>();
    NDArray x = input;
    for (Block block : blocks) {
      Segment segment =
          block.isLean(x)
              ? new LeanBlock(block, x, !checkpoint)
              : new Span(List.of(block), x, false);
      segments.add(segment);
      x = segment.forward();
    }
    return new BlockPass(segments, x);
  }

  /**
   * Runs the blocks, which autograd records whatever their size.
   *
   * @param stack of {@link Block}, at least one
   * @param input [B, H, W, C] without history; its gradient is computed if it is to have one
   * @return the pass, whose arrays belong to the input's manager
   */
  public static BlockPass recorded(Stack stack, NDArray input) {
    Span all = new Span(blocks(stack), input, true);
    return new BlockPass(List.of(all), all.forward());
  }

  private static List<Block> blocks(Stack stack) {
    return stack.getChildren().values().stream().map(Block.class::cast).toList();
  }

  /**
   * @return what the last block gives, [B, H, W, C], without history
   */
  public NDArray output() {
    return output;
  }

  /**
   * Brings the output's gradient to the blocks' parameters and to the input, once, after the
   * backward pass of what was made of the output.
   *
   * @param on recording of gradients
   */
  public void backward(Autograd on) {
    if (!output.hasGradient()) {
      return;
    }
    NDArray upstream = output.getGradient();
    for (int i = segments.size() - 1; i >= 0 && upstream != null; i--) {
      NDArray below = segments.get(i).backward(on, upstream);
      upstream.close();
      upstream = below;
    }
    if (upstream != null) {
      upstream.close();
    }
  }
}
