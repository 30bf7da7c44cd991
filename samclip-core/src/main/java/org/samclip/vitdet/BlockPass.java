package org.samclip.vitdet;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.samclip.kernel.Autograd;
import org.samclip.nn.Stack;

/**
 * ViT-Det blocks in a training step, in segments whose backward passes are run one after the other.
 * Each keeps what its backward pass needs, or only its input is kept, each block is a segment, and
 * it is computed a second time when its turn comes (activation checkpointing): the same gradients
 * for less memory and more work.
 */
public final class BlockPass {

  private final List<Segment> segments = new ArrayList<>();
  private final Map<Integer, NDArray> inner = new TreeMap<>();
  private NDArray output;

  private BlockPass(NDArray input) {
    output = input;
  }

  /**
   * Runs the blocks; gradients are recorded by the thread's mode.
   *
   * @param stack of {@link Block}
   * @param input [B, H, W, C] without history; its gradient is computed if it is to have one
   * @param checkpoint whether to compute each block again in the backward pass; without effect
   *     where nothing learns, as then nothing is kept anyhow
   * @return the pass, whose arrays belong to the input's manager
   */
  public static BlockPass of(Stack stack, NDArray input, boolean checkpoint) {
    return of(stack, input, Set.of(), checkpoint);
  }

  /**
   * The same with outputs of inner blocks.
   *
   * @param stack of {@link Block}
   * @param input [B, H, W, C] without history; its gradient is computed if it is to have one
   * @param tapped indices, from 0, of blocks whose output is wanted as well: {@link #output(int)}
   * @param checkpoint whether to compute each block again in the backward pass
   * @return the pass, whose arrays belong to the input's manager
   */
  public static BlockPass of(Stack stack, NDArray input, Set<Integer> tapped, boolean checkpoint) {
    List<Block> blocks = blocks(stack);
    if (!Segment.learns(input, blocks)) {
      return withoutBackward(blocks, input, tapped);
    }
    if (!checkpoint && !blocks.isEmpty() && !blocks.get(0).isLean(input)) {
      return recorded(stack, input, tapped);
    }
    BlockPass pass = new BlockPass(input);
    for (int i = 0; i < blocks.size(); i++) {
      Block block = blocks.get(i);
      NDArray x = pass.output;
      boolean lean = block.isLean(x);
      pass.add(
          lean ? new LeanBlock(block, x, !checkpoint) : new Span(List.of(block), x, false),
          i,
          tapped);
    }
    return pass;
  }

  private static BlockPass withoutBackward(List<Block> blocks, NDArray input, Set<Integer> tapped) {
    BlockPass pass = new BlockPass(input);
    for (int i = 0; i < blocks.size(); i++) {
      pass.output = blocks.get(i).forward(pass.output);
      pass.keep(i, tapped);
    }
    return pass;
  }

  /**
   * Runs the blocks, which autograd records whatever their size.
   *
   * @param stack of {@link Block}
   * @param input [B, H, W, C] without history; its gradient is computed if it is to have one
   * @return the pass, whose arrays belong to the input's manager
   */
  public static BlockPass recorded(Stack stack, NDArray input) {
    return recorded(stack, input, Set.of());
  }

  /** Spans end at the tapped blocks, whose outputs are leaves on which gradients add up. */
  private static BlockPass recorded(Stack stack, NDArray input, Set<Integer> tapped) {
    List<Block> blocks = blocks(stack);
    BlockPass pass = new BlockPass(input);
    int from = 0;
    for (int i = 0; i < blocks.size(); i++) {
      if (tapped.contains(i) || i == blocks.size() - 1) {
        pass.add(new Span(blocks.subList(from, i + 1), pass.output, true), i, tapped);
        from = i + 1;
      }
    }
    return pass;
  }

  private void add(Segment segment, int last, Set<Integer> tapped) {
    segments.add(segment);
    output = segment.forward();
    keep(last, tapped);
  }

  private void keep(int block, Set<Integer> tapped) {
    if (tapped.contains(block)) {
      inner.put(block, output);
    }
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
   * @param block index of one of the tapped blocks
   * @return what it gives, [B, H, W, C], without history
   */
  public NDArray output(int block) {
    return inner.get(block);
  }

  /**
   * Brings the outputs' gradients to the blocks' parameters and to the input, once, after the
   * backward passes of what was made of the outputs. A tapped block's output is the input of the
   * next segment, so what came to it from elsewhere is in the gradient that the segment hands on.
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
