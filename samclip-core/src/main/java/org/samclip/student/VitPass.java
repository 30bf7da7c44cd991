package org.samclip.student;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samclip.kernel.Autograd;
import org.samclip.vit.VitEncoder;

/**
 * A plain ViT in a training step. Autograd records it in segments that end at the blocks which
 * heads read, or, checkpointed, at every block: then only the segment's input is kept and it is
 * computed again in the backward pass.
 */
final class VitPass implements BackbonePass {

  private final VitBackbone backbone;
  private final VitEncoder encoder;
  private final NDArray[] rotary;
  private final long h;
  private final long w;
  private final boolean checkpoint;
  private final NDArray embedded;
  private final List<Segment> segments = new ArrayList<>();
  private final Map<Integer, Tokens> tapped = new LinkedHashMap<>();
  private final BackboneFeatures features;

  /** Steps [from, to) of the network: its blocks, and behind them the last norm. */
  private final class Segment {
    private final int from;
    private final int to;
    private final NDArray input;
    private final boolean learning;
    private NDArray recorded;

    Segment(int from, int to, NDArray input) {
      this.from = from;
      this.to = to;
      this.input = input;
      learning = input.hasGradient() || learns(from, to);
    }

    /** The steps' result without history. */
    NDArray forward() {
      if (!checkpoint || !learning) {
        recorded = record();
        return Autograd.leaf(recorded, learning);
      }
      // Recorded and thrown away: without recording, attention may take another kernel, whose
      // rounding differs.
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        NDArray leaf = Autograd.leaf(record(), true);
        NDScope.unregister(leaf);
        return leaf;
      }
    }

    private NDArray record() {
      NDArray x = input;
      for (int i = from; i < to; i++) {
        x = i == backbone.depth() ? encoder.normed(x) : encoder.block(i, x, rotary);
      }
      return x;
    }

    void backward(Autograd on, NDArray upstream) {
      if (!checkpoint) {
        on.backward(recorded, upstream);
        return;
      }
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        on.backward(record(), upstream);
      }
    }
  }

  VitPass(VitBackbone backbone, NDArray images, Set<Integer> blocks, boolean checkpoint) {
    this.backbone = backbone;
    this.checkpoint = checkpoint;
    encoder = backbone.encoder();
    h = images.getShape().get(2) / backbone.patch();
    w = images.getShape().get(3) / backbone.patch();
    embedded = encoder.embed(images);
    rotary = encoder.rotary(images);
    NDArray x = Autograd.leaf(embedded, embeddingLearns());
    int from = 0;
    int last = backbone.depth() - 1;
    for (int i = 0; i < last; i++) {
      if (checkpoint || blocks.contains(i)) {
        x = add(new Segment(from, i + 1, x), i, blocks);
        from = i + 1;
      }
    }
    if (blocks.contains(last)) {
      x = add(new Segment(from, last + 1, x), last, blocks);
      from = last + 1;
    }
    x = add(new Segment(from, last + 2, x), last + 1, Set.of());
    features = new BackboneFeatures(leaves(x), tapped);
  }

  private NDArray add(Segment segment, int block, Set<Integer> wanted) {
    segments.add(segment);
    NDArray x = segment.forward();
    if (wanted.contains(block)) {
      tapped.put(block, leaves(x));
    }
    return x;
  }

  /** Both parts as arrays on which gradients add up. */
  private Tokens leaves(NDArray x) {
    Tokens tokens = backbone.tokens(x, h, w);
    boolean learning = x.hasGradient();
    NDArray prefix = tokens.prefix() == null ? null : Autograd.leaf(tokens.prefix(), learning);
    return new Tokens(prefix, Autograd.leaf(tokens.patches(), learning));
  }

  private boolean embeddingLearns() {
    return encoder.arrays().entrySet().stream()
        .anyMatch(p -> !p.getKey().matches("(blocks|norm)\\..*") && p.getValue().hasGradient());
  }

  private boolean learns(int from, int to) {
    return encoder.arrays().entrySet().stream()
        .filter(p -> p.getValue().hasGradient())
        .anyMatch(p -> within(p.getKey(), from, to));
  }

  private boolean within(String name, int from, int to) {
    if (name.startsWith("norm.")) {
      return to == backbone.depth() + 1;
    }
    String[] parts = name.split("\\.", 3);
    if (!parts[0].equals("blocks")) {
      return false;
    }
    int block = Integer.parseInt(parts[1]);
    return block >= from && block < to;
  }

  @Override
  public BackboneFeatures features() {
    return features;
  }

  @Override
  public void backward(Autograd on) {
    NDArray upstream = gradient(features.last());
    for (int i = segments.size() - 1; i >= 0; i--) {
      Segment segment = segments.get(i);
      if (!segment.learning) {
        return;
      }
      segment.backward(on, upstream);
      if (!segment.input.hasGradient()) {
        return;
      }
      upstream = segment.input.getGradient();
      Tokens read = tapped.get(segment.from - 1);
      if (read != null) {
        upstream = upstream.add(gradient(read));
      }
    }
    on.backward(embedded, upstream);
  }

  /** Of both parts as of one array, [B, P + h w, C]; null where nothing learns. */
  private NDArray gradient(Tokens tokens) {
    if (!tokens.patches().hasGradient()) {
      return null;
    }
    Shape s = tokens.patches().getShape();
    NDArray patches = tokens.patches().getGradient().reshape(s.get(0), h * w, s.get(3));
    return tokens.prefix() == null ? patches : tokens.prefix().getGradient().concat(patches, 1);
  }
}
