package org.samclip.train.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samclip.kernel.Autograd;
import org.samclip.model.PromptableModel;
import org.samclip.sam.Masks;
import org.samclip.student.Backbone;
import org.samclip.student.MaskHead;
import org.samclip.train.feed.PromptBatch;
import org.samclip.train.loss.Losses;
import org.samclip.train.loss.MaskLoss;
import org.samclip.train.recipe.ObjectiveSpec;

/**
 * {@code L_SAM}: the student's masks and predicted IoUs against the teacher's for the same prompts
 * (paper, section 3). The student imitates the teacher's same output token.
 *
 * <p>With several rounds, the masks are drawn again with a further point, where student and teacher
 * disagree (EdgeSAM); each round weighs the same.
 */
public final class MaskObjective implements Objective {

  /**
   * Image tokens, over all prompts, that the decoders see at a time: 4 prompts at 1024 px. A
   * decoder keeps some 40 arrays of its tokens for the backward pass, more than the whole backbone
   * for 32 prompts.
   */
  public static final long TOKENS_AT_ONCE = 16_384;

  private final String name;
  private final ObjectiveSpec spec;
  private final MaskHead head;
  private final Backbone backbone;
  private final PromptableModel teacher;
  private final MaskLoss loss;
  private final int rounds;
  private long tokensAtOnce = TOKENS_AT_ONCE;

  /**
   * @param name in the recipe
   * @param spec checked against head and teacher
   * @param head draws the student's masks
   * @param backbone on which it stands
   * @param teacher draws the masks that they are held against
   * @param rounds how often
   */
  MaskObjective(
      String name,
      ObjectiveSpec spec,
      MaskHead head,
      Backbone backbone,
      PromptableModel teacher,
      int rounds) {
    this.name = name;
    this.spec = spec;
    this.head = head;
    this.backbone = backbone;
    this.teacher = teacher;
    this.loss = new MaskLoss(spec);
    this.rounds = rounds;
  }

  /** Another number than {@link #TOKENS_AT_ONCE}. */
  MaskObjective atOnce(long tokens) {
    tokensAtOnce = tokens;
    return this;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public double weight() {
    return spec.weight();
  }

  @Override
  public List<String> terms() {
    return MaskLoss.TERMS;
  }

  @Override
  public Map<String, Set<String>> asked() {
    return Map.of(spec.teacher().owner(), Set.of(teacher.embeddingOutput()));
  }

  @Override
  public Set<Integer> blocks() {
    return head.blocks();
  }

  @Override
  public void read(PartPass pass, float factor, NDArray sums) {
    NDArray asked = pass.target(spec.teacher().owner(), teacher.embeddingOutput());
    PromptBatch.OnDevice prompts = pass.batch().prompts().toArrays(pass.local(), pass.part());
    NDArray embedding = head.embedding(pass.features());
    if (pass.on().isEmpty()) {
      overPrompts(prompts, asked, embedding, pass.share(), sums, (loss, of) -> {});
      return;
    }
    Autograd on = pass.on().get();
    boolean learning = head.isOutputLearning() || backbone.isLearning();
    // What is frozen from the backbone to the masks is measured only.
    boolean any = learning || head.module().isLearning();
    NDArray leaf = Autograd.leaf(embedding, learning);
    float weight = (float) (spec.weight() * factor);
    overPrompts(
        prompts,
        asked,
        leaf,
        pass.share(),
        sums,
        (loss, of) -> {
          if (any) {
            on.backward(Losses.scaled(loss, weight * of));
          }
        });
    if (learning) {
      on.backward(embedding, leaf.getGradient());
    }
  }

  /** Takes some prompts' loss and its share of the step's. */
  private interface PromptLoss {
    void take(NDArray loss, float share);
  }

  /** The decoders take some of the prompts at a time. */
  private void overPrompts(
      PromptBatch.OnDevice in,
      NDArray asked,
      NDArray embedding,
      float share,
      NDArray sums,
      PromptLoss each) {
    Shape grid = embedding.getShape();
    long tokens = grid.get(0) * grid.get(2) * grid.get(3);
    long prompts = in.isPoint().getShape().get(1);
    long atOnce = Math.max(1, tokensAtOnce / tokens);
    for (long from = 0; from < prompts; from += atOnce) {
      long to = Math.min(prompts, from + atOnce);
      NDIndex some = new NDIndex(":, {}:{}", from, to);
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        float of = share * (to - from) / prompts / rounds;
        NDArray xy = in.xy().get(some);
        NDArray labels = in.labels().get(some);
        for (int round = 0; round < rounds; round++) {
          Masks target = ask(asked, xy, labels);
          Masks masks = head.decoder().masksOfTokens(embedding, xy, labels);
          MaskLoss.Terms terms = loss.distilled(masks, target, in.isPoint().get(some));
          each.take(terms.total(), of);
          NDList all = new NDList(terms.focal(), terms.dice(), terms.iou());
          sums.addi(NDArrays.stack(all).stopGradient().mul(of));
          if (round + 1 < rounds) {
            Disagreement next = Disagreement.of(masks, target, patch());
            xy = xy.concat(next.xy(), 2);
            labels = labels.concat(next.labels(), 2);
          }
        }
      }
    }
  }

  /** Side in pixels of a mask's cell: the decoder gives four a patch. */
  private double patch() {
    return head.decoder().patch() / 4.;
  }

  /** The teacher's answers to the same prompts: [B, P, 1 + 3, h, w]. */
  private Masks ask(NDArray embedding, NDArray xy, NDArray labels) {
    try (Autograd off = Autograd.disabled()) {
      return teacher.masks(embedding, xy, labels);
    }
  }
}
