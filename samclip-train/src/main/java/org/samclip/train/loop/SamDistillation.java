package org.samclip.train.loop;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Map;
import org.samclip.data.replay.Position;
import org.samclip.kernel.Autograd;
import org.samclip.model.SamClip;
import org.samclip.sam.Masks;
import org.samclip.sam.Sam;
import org.samclip.train.loss.MaskLoss;
import org.samclip.train.recipe.LossesSpec.SamLossSpec;
import org.samclip.vitdet.BackbonePass;
import org.samclip.vitdet.ImageEncoder;

/**
 * {@code L_SAM}: the student's mask logits against the SAM teacher's for the same prompts, focal
 * and dice (paper, section 3). The student imitates the teacher's same output token.
 */
public final class SamDistillation extends PrefetchedObjective<SamBatch> {

  /**
   * Image tokens, over all prompts, that the decoders see at a time: 4 prompts at 1024 px. A
   * decoder keeps some 40 arrays of its tokens for the backward pass, more than the whole backbone
   * for 32 prompts.
   */
  static final long TOKENS_AT_ONCE = 16_384;

  private final SamClip student;
  private final Sam teacher;
  private final Passes passes;
  private final FrozenOutputs embeddings;
  private final SamLossSpec spec;
  private final MaskLoss maskLoss;
  private final float lambda;
  private long tokensAtOnce = TOKENS_AT_ONCE;

  /**
   * @param student learns
   * @param teacher is asked
   * @param feed images with prompts, usually {@link SamBatches}, without targets
   * @param passes how to compute; the cache keeps the teacher's image embeddings, from which its
   *     decoder makes the masks of each step's prompts
   * @param spec the loss's terms
   * @param lambda weight of the loss in the sum
   */
  public SamDistillation(
      SamClip student,
      Sam teacher,
      Feed<SamBatch> feed,
      Passes passes,
      SamLossSpec spec,
      double lambda) {
    super("batches-sam", feed);
    this.student = student;
    this.teacher = teacher;
    this.passes = passes;
    this.embeddings = new FrozenOutputs(FrozenNetwork.samTeacher(teacher), passes.cache());
    this.spec = spec;
    this.maskLoss = MaskLoss.of(spec);
    this.lambda = (float) lambda;
  }

  /** Another number than {@link #TOKENS_AT_ONCE}. */
  SamDistillation atOnce(long tokens) {
    tokensAtOnce = tokens;
    return this;
  }

  @Override
  public String source() {
    return "sam";
  }

  @Override
  Position after(SamBatch batch) {
    return batch.after();
  }

  @Override
  public Outcome backward(long step, Autograd on) {
    SamBatch batch = nextBatch();
    int count = batch.images().count();
    double total = 0;
    for (MicroBatch.Part part : passes.microBatch().parts(count, batch.images().side())) {
      try (NDScope scope = new NDScope();
          NDManager local = passes.manager().newSubManager()) {
        scope.suppressNotUsedWarning();
        float share = (float) part.size() / count;
        NDArray asked = embeddings.of(batch.images(), part, local);
        total += backward(on, batch.toArrays(local, part.from(), part.to()), asked, share);
      }
    }
    return new Outcome(Map.of("sam", total), count);
  }

  /** Some images' part of the loss; the decoders take some of the prompts at a time. */
  private double backward(Autograd on, SamBatch.Arrays in, NDArray asked, float share) {
    ImageEncoder encoder = student.imageEncoder();
    BackbonePass pass = BackbonePass.of(encoder, in.images(), passes.checkpointActivations());
    NDArray embedding = encoder.neck(pass.tokens());
    boolean learning = encoder.isLearning();
    NDArray leaf = embedding.stopGradient();
    leaf.setRequiresGradient(learning);
    Shape grid = embedding.getShape();
    long tokens = grid.get(0) * grid.get(2) * grid.get(3);
    long prompts = in.isPoint().getShape().get(1);
    long atOnce = Math.max(1, tokensAtOnce / tokens);
    double total = 0;
    for (long from = 0; from < prompts; from += atOnce) {
      long to = Math.min(prompts, from + atOnce);
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        NDArray loss = loss(asked, leaf, in, new NDIndex(":, {}:{}", from, to));
        float of = share * (to - from) / prompts;
        on.backward(loss.mul(lambda * of));
        total += loss.getFloat() * of;
      }
    }
    if (learning) {
      on.backward(embedding, leaf.getGradient());
      pass.backward(on);
    }
    return total;
  }

  private NDArray loss(NDArray asked, NDArray embedding, SamBatch.Arrays in, NDIndex prompts) {
    NDArray xy = in.xy().get(prompts);
    NDArray labels = in.labels().get(prompts);
    NDArray target = ask(asked, xy, labels);
    Masks masks = student.samHead().masksOfTokens(embedding, xy, labels);
    return overPrompts(maskLoss.each(masks.logits(), target), in.isPoint().get(prompts));
  }

  /** The teacher's masks for the same prompts, soft or thresholded: [B, P, 1 + 3, h, w]. */
  private NDArray ask(NDArray embedding, NDArray xy, NDArray labels) {
    try (Autograd off = Autograd.disabled()) {
      NDArray logits = teacher.head().masksOfTokens(embedding, xy, labels).logits();
      return switch (spec.target()) {
        case SOFT -> ai.djl.nn.Activation.sigmoid(logits);
        case HARD -> logits.gt(0).toType(DataType.FLOAT32, false);
      };
    }
  }

  /**
   * A box is unambiguous and trains the single mask; a point trains the three, of which only the
   * best gets gradient, and half as much the single one, which else no point would keep.
   *
   * @param each [B, P, 1 + 3], losses of the output tokens
   * @param isPoint [B, P]
   * @return scalar, mean over the prompts
   */
  private NDArray overPrompts(NDArray each, NDArray isPoint) {
    NDArray single = each.get(":, :, 0");
    NDArray three = each.get(":, :, 1:");
    NDArray many =
        switch (spec.multimask()) {
          case BEST -> MaskLoss.best(three);
          case ALL -> three.mean(new int[] {2});
        };
    NDArray both = single.add(many).mul(.5f);
    NDArray isBox = isPoint.mul(-1).add(1);
    return isPoint.mul(both).add(isBox.mul(single)).mean();
  }
}
