package org.samclip.vitdet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import java.util.ArrayList;
import java.util.List;
import org.samclip.kernel.Autograd;

/**
 * The backbone's tokens for a training step, in spans of blocks whose backward passes are run one
 * after the other. Either each span keeps what its backward pass needs, or only its input is kept,
 * each block is a span, and it is computed a second time when its turn comes (activation
 * checkpointing): the same gradients for less memory and one more forward pass.
 *
 * <pre>{@code
 * BackbonePass pass = BackbonePass.of(encoder, images, true);
 * on.backward(loss(pass.tokens()));
 * pass.backward(on);
 * }</pre>
 */
public final class BackbonePass {

  private final NDArray embedded;
  private final List<Span> spans;
  private final boolean checkpoint;
  private final NDArray tokens;

  private BackbonePass(NDArray embedded, List<Span> spans, boolean checkpoint, NDArray tokens) {
    this.embedded = embedded;
    this.spans = spans;
    this.checkpoint = checkpoint;
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
    if (encoder.arrays().values().stream().noneMatch(NDArray::hasGradient)) {
      return new BackbonePass(embedded, List.of(), checkpoint, encoder.blocks().forward(embedded));
    }
    List<Span> spans = new ArrayList<>();
    NDArray x = Span.leaf(embedded, embeddingLearns(encoder));
    for (List<Block> blocks : split(encoder, x, checkpoint)) {
      Span span = new Span(blocks, x);
      spans.add(span);
      x = checkpoint ? forgotten(span) : Span.leaf(span.record(), span.learns());
    }
    return new BackbonePass(embedded, spans, checkpoint, x);
  }

  private static boolean embeddingLearns(ImageEncoder encoder) {
    return encoder.arrays().entrySet().stream()
        .filter(p -> p.getKey().startsWith("patch_embed.") || p.getKey().equals("pos_embed"))
        .anyMatch(p -> p.getValue().hasGradient());
  }

  /** A span for each block, or a new one where a block attends apart. */
  private static List<List<Block>> split(ImageEncoder encoder, NDArray x, boolean each) {
    List<List<Block>> spans = new ArrayList<>();
    for (ai.djl.nn.Block child : encoder.blocks().getChildren().values()) {
      Block block = (Block) child;
      if (spans.isEmpty() || each || block.attendsApart(x)) {
        spans.add(new ArrayList<>());
      }
      spans.get(spans.size() - 1).add(block);
    }
    return spans;
  }

  /**
   * Recorded and thrown away: without recording, attention would take another kernel, whose
   * rounding differs.
   */
  private static NDArray forgotten(Span span) {
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      NDArray output = Span.leaf(span.record(), span.learns());
      NDScope.unregister(output);
      return output;
    }
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
    for (int i = spans.size() - 1; i >= 0 && upstream != null; i--) {
      NDArray below = through(spans.get(i), on, upstream);
      upstream.close();
      upstream = below;
    }
    if (upstream != null) {
      on.backward(embedded, upstream);
    }
  }

  /** The gradient for a span's input, or null; what its blocks made is freed. */
  private NDArray through(Span span, Autograd on, NDArray upstream) {
    if (!checkpoint) {
      return span.backward(on, upstream);
    }
    try (NDScope scope = new NDScope()) {
      scope.suppressNotUsedWarning();
      span.record();
      NDArray below = span.backward(on, upstream);
      if (below != null) {
        NDScope.unregister(below);
      }
      return below;
    }
  }
}
