package org.samclip.train.loop;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import java.util.Map;
import java.util.function.LongFunction;
import org.samclip.data.replay.Position;
import org.samclip.data.replay.ReplayStream;
import org.samclip.kernel.Autograd;
import org.samclip.model.SamClip;
import org.samclip.sam.Masks;
import org.samclip.sam.Sam;
import org.samclip.train.loss.MaskLoss;
import org.samclip.train.recipe.LossesSpec.SamLossSpec;
import org.samclip.vitdet.BackbonePass;

/**
 * {@code L_SAM}: the student's mask logits against the SAM teacher's for the same prompts, focal
 * and dice (paper, section 3). The student imitates the teacher's same output token.
 */
public final class SamDistillation extends PrefetchedObjective<SamBatch> {

  private final SamClip student;
  private final Sam teacher;
  private final NDManager manager;
  private final MicroBatch microBatch;
  private final SamLossSpec spec;
  private final MaskLoss maskLoss;
  private final float lambda;
  private final boolean checkpointActivations;

  /**
   * @param student learns
   * @param teacher is asked
   * @param manager on the models' device
   * @param stream of images with masks
   * @param batches over that stream, usually {@link SamBatches}, without targets
   * @param span steps to run
   * @param microBatch images a forward pass
   * @param spec the loss's terms
   * @param lambda weight of the loss in the sum
   * @param checkpointActivations whether the backbone's blocks are computed again in the backward
   *     pass instead of kept
   */
  public SamDistillation(
      SamClip student,
      Sam teacher,
      NDManager manager,
      ReplayStream stream,
      LongFunction<SamBatch> batches,
      Span span,
      MicroBatch microBatch,
      SamLossSpec spec,
      double lambda,
      boolean checkpointActivations) {
    super("batches-sam", stream, batches, span);
    this.student = student;
    this.teacher = teacher;
    this.manager = manager;
    this.microBatch = microBatch;
    this.spec = spec;
    this.maskLoss = MaskLoss.of(spec);
    this.lambda = (float) lambda;
    this.checkpointActivations = checkpointActivations;
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
    for (MicroBatch.Part part : microBatch.parts(count, batch.images().side())) {
      try (NDScope scope = new NDScope();
          NDManager local = manager.newSubManager()) {
        scope.suppressNotUsedWarning();
        SamBatch.Arrays in = batch.toArrays(local, part.from(), part.to());
        NDArray target = ask(in);
        BackbonePass pass =
            BackbonePass.of(student.imageEncoder(), in.images(), checkpointActivations);
        NDArray embedding = student.imageEncoder().neck(pass.tokens());
        Masks masks = student.samHead().masksOfTokens(embedding, in.xy(), in.labels());
        NDArray loss = overPrompts(maskLoss.each(masks.logits(), target), in.isPoint());
        float share = (float) part.size() / count;
        on.backward(loss.mul(lambda * share));
        pass.backward(on);
        total += loss.getFloat() * share;
      }
    }
    return new Outcome(Map.of("sam", total), count);
  }

  /** The teacher's masks for the same prompts, soft or thresholded: [B, P, 1 + 3, h, w]. */
  private NDArray ask(SamBatch.Arrays in) {
    try (Autograd off = Autograd.disabled()) {
      NDArray embedding = teacher.imageEncoder().forward(in.images());
      NDArray logits = teacher.head().masksOfTokens(embedding, in.xy(), in.labels()).logits();
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
