package org.samclip.train.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import org.samclip.data.replay.Position;
import org.samclip.kernel.Autograd;
import org.samclip.model.SamClip;
import org.samclip.sam.Masks;
import org.samclip.sam.Sam;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.MicroBatch;
import org.samclip.train.feed.SamBatch;
import org.samclip.train.feed.SamBatches;
import org.samclip.train.loss.MaskLoss;
import org.samclip.train.recipe.LossesSpec.SamLossSpec;
import org.samclip.train.teacher.FrozenNetwork;
import org.samclip.train.teacher.FrozenOutputs;
import org.samclip.vitdet.BackbonePass;
import org.samclip.vitdet.ImageEncoder;

/**
 * {@code L_SAM}: the student's masks and predicted IoUs against the SAM teacher's for the same
 * prompts (paper, section 3). The student imitates the teacher's same output token.
 */
public final class SamDistillation extends PrefetchedObjective<SamBatch> implements Distillation {

  /**
   * Image tokens, over all prompts, that the decoders see at a time: 4 prompts at 1024 px. A
   * decoder keeps some 40 arrays of its tokens for the backward pass, more than the whole backbone
   * for 32 prompts.
   */
  public static final long TOKENS_AT_ONCE = 16_384;

  private final SamClip student;
  private final Sam teacher;
  private final Passes passes;
  private final FrozenOutputs embeddings;
  private final MaskLoss loss;
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
    this.loss = new MaskLoss(spec);
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
    return overParts((in, asked, share, sums) -> backward(on, in, asked, share, sums));
  }

  @Override
  public Outcome measure() {
    try (Autograd off = Autograd.disabled()) {
      return overParts(
          (in, asked, share, sums) ->
              overPrompts(
                  in,
                  asked,
                  student.imageEncoder().neck(student.imageEncoder().tokens(in.images())),
                  share,
                  sums,
                  (loss, of) -> {}));
    }
  }

  /** What is done with some images of a batch, which are a share of it. */
  private interface PartLoss {
    /** The terms are added to {@code sums}, [3], on the device: reading them waits for it. */
    void of(SamBatch.Arrays in, NDArray asked, float share, NDArray sums);
  }

  private Outcome overParts(PartLoss loss) {
    SamBatch batch = nextBatch();
    int count = batch.images().count();
    try (NDArray sums = passes.manager().zeros(new Shape(3))) {
      NDScope.unregister(sums);
      for (MicroBatch.Part part : passes.microBatch().parts(count, batch.images().side())) {
        try (NDScope scope = new NDScope();
            NDManager local = passes.manager().newSubManager()) {
          scope.suppressNotUsedWarning();
          float share = (float) part.size() / count;
          NDArray asked = embeddings.of(batch.images(), part, local);
          loss.of(batch.toArrays(local, part.from(), part.to()), asked, share, sums);
        }
      }
      return new Outcome(parts(sums.toFloatArray()), count, batch.mix(), batch.passedOver());
    }
  }

  private static Map<String, Double> parts(float[] sums) {
    Map<String, Double> parts = new LinkedHashMap<>();
    parts.put("sam", (double) sums[0] + sums[1] + sums[2]);
    parts.put("sam_focal", (double) sums[0]);
    parts.put("sam_dice", (double) sums[1]);
    parts.put("sam_iou", (double) sums[2]);
    return parts;
  }

  private void backward(Autograd on, SamBatch.Arrays in, NDArray asked, float share, NDArray sums) {
    ImageEncoder encoder = student.imageEncoder();
    BackbonePass pass = BackbonePass.of(encoder, in.images(), passes.checkpointActivations());
    NDArray embedding = encoder.neck(pass.tokens());
    boolean learning = encoder.isLearning();
    NDArray leaf = embedding.stopGradient();
    leaf.setRequiresGradient(learning);
    overPrompts(in, asked, leaf, share, sums, (loss, of) -> on.backward(loss.mul(lambda * of)));
    if (learning) {
      on.backward(embedding, leaf.getGradient());
      pass.backward(on);
    }
  }

  /** Takes some prompts' loss and its share of the batch's. */
  private interface PromptLoss {
    void take(NDArray loss, float share);
  }

  /** The decoders take some of the prompts at a time. */
  private void overPrompts(
      SamBatch.Arrays in,
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
      try (NDScope scope = new NDScope()) {
        scope.suppressNotUsedWarning();
        MaskLoss.Terms terms = terms(asked, embedding, in, new NDIndex(":, {}:{}", from, to));
        float of = share * (to - from) / prompts;
        each.take(terms.total(), of);
        NDList all = new NDList(terms.focal(), terms.dice(), terms.iou());
        sums.addi(NDArrays.stack(all).stopGradient().mul(of));
      }
    }
  }

  private MaskLoss.Terms terms(
      NDArray asked, NDArray embedding, SamBatch.Arrays in, NDIndex prompts) {
    NDArray xy = in.xy().get(prompts);
    NDArray labels = in.labels().get(prompts);
    Masks target = ask(asked, xy, labels);
    Masks masks = student.samHead().masksOfTokens(embedding, xy, labels);
    return loss.distilled(masks, target, in.isPoint().get(prompts));
  }

  /** The teacher's answers to the same prompts: [B, P, 1 + 3, h, w]. */
  private Masks ask(NDArray embedding, NDArray xy, NDArray labels) {
    try (Autograd off = Autograd.disabled()) {
      return teacher.head().masksOfTokens(embedding, xy, labels);
    }
  }
}
