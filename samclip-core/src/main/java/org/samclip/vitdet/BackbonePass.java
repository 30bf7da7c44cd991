package org.samclip.vitdet;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import org.samclip.kernel.Autograd;

/**
 * The backbone's tokens for a training step, in segments whose backward passes are run one after
 * the other. Each keeps what its backward pass needs, or only its input is kept, each block is a
 * segment, and it is computed a second time when its turn comes (activation checkpointing): the
 * same gradients for less memory and more work.
 *
 * <pre>{@code
 * BackbonePass pass = BackbonePass.of(encoder, images, true);
 * on.backward(loss(pass.tokens()));
 * pass.backward(on);
 * }</pre>
 */
public final class BackbonePass {

  private final NDArray embedded;
  private final List<Segment> segments;
  private final NDArray tokens;

  private BackbonePass(NDArray embedded, List<Segment> segments, NDArray tokens) {
    this.embedded = embedded;
    this.segments = segments;
    this.tokens = tokens;
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
    if (!encoder.isLearning()) {
      return new BackbonePass(embedded, List.of(), encoder.blocks().forward(embedded));
    }
    List<Segment> segments = new ArrayList<>();
    NDArray x = Segment.leaf(embedded, embeddingLearns(encoder));
    List<Block> blocks =
        encoder.blocks().getChildren().values().stream().map(Block.class::cast).toList();
    if (!checkpoint && !blocks.get(0).isLean(x)) {
      Span all = new Span(blocks, x, true);
      return new BackbonePass(embedded, List.of(all), all.forward());
    }
    for (Block block : blocks) {
      Segment segment =
          block.isLean(x)
              ? new LeanBlock(block, x, !checkpoint)
              : new Span(List.of(block), x, false);
      segments.add(segment);
      x = segment.forward();
    }
    return new BackbonePass(embedded, segments, x);
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
    return tokens;
  }

  /**
   * Brings the tokens' gradient to the encoder's parameters, once, after the backward pass of what
   * was made of the tokens.
   *
   * @param on recording of gradients
   */
  public void backward(Autograd on) {
    if (!tokens.hasGradient()) {
      return;
    }
    NDArray upstream = tokens.getGradient();
    for (int i = segments.size() - 1; i >= 0 && upstream != null; i--) {
      NDArray below = segments.get(i).backward(on, upstream);
      upstream.close();
      upstream = below;
    }
    if (upstream != null) {
      on.backward(embedded, upstream);
    }
  }
}
