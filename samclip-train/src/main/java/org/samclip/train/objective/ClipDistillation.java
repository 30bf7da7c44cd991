package org.samclip.train.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import java.util.Map;
import org.samclip.clip.Clip;
import org.samclip.data.replay.Position;
import org.samclip.kernel.Autograd;
import org.samclip.model.SamClip;
import org.samclip.train.feed.ClipBatch;
import org.samclip.train.feed.ClipBatches;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.MicroBatch;
import org.samclip.train.loss.Losses;
import org.samclip.train.teacher.FrozenNetwork;
import org.samclip.train.teacher.FrozenOutputs;
import org.samclip.vitdet.BackbonePass;
import org.samclip.vitdet.BlockPass;

/**
 * {@code L_CLIP}: the pooled output of the CLIP head against the CLIP teacher's image embedding of
 * the same crop, by cosine (paper, section 3). No text, no labels.
 */
public final class ClipDistillation extends PrefetchedObjective<ClipBatch> implements Distillation {

  private final SamClip student;
  private final Passes passes;
  private final float weight;
  private final FrozenOutputs teacher;
  private final FrozenOutputs backbone;

  /**
   * @param student learns; if its backbone does not, the cache keeps the backbone's tokens as well
   * @param teacher is asked
   * @param feed images, usually {@link ClipBatches}
   * @param passes how to compute
   * @param weight of the loss in the sum
   */
  public ClipDistillation(
      SamClip student, Clip teacher, Feed<ClipBatch> feed, Passes passes, double weight) {
    super("batches-clip", feed);
    this.student = student;
    this.passes = passes;
    this.weight = (float) weight;
    this.teacher = new FrozenOutputs(FrozenNetwork.clipTeacher(teacher), passes.cache());
    this.backbone =
        new FrozenOutputs(FrozenNetwork.backbone(student.imageEncoder()), passes.cache());
  }

  @Override
  public String source() {
    return "clip";
  }

  @Override
  Position after(ClipBatch batch) {
    return batch.after();
  }

  @Override
  public Outcome backward(long step, Autograd on) {
    return overParts((batch, part, local, share) -> backward(on, batch, part, local, share));
  }

  @Override
  public Outcome measure() {
    try (Autograd off = Autograd.disabled()) {
      return overParts(
          (batch, part, local, share) -> {
            NDArray tokens =
                student
                    .imageEncoder()
                    .tokens(batch.student().toArray(local, part.from(), part.to()));
            NDArray pooled = student.clipHead().pooled(student.clipHead().features(tokens));
            return Losses.cosine(pooled, teacher.of(batch.teacher(), part, local)).getFloat();
          });
    }
  }

  /** What is done with some images of a batch, which are a share of it. */
  private interface PartLoss {
    double of(ClipBatch batch, MicroBatch.Part part, NDManager local, float share);
  }

  private Outcome overParts(PartLoss loss) {
    ClipBatch batch = nextBatch();
    int count = batch.student().count();
    double total = 0;
    for (MicroBatch.Part part : passes.microBatch().parts(count, batch.student().side())) {
      try (NDScope scope = new NDScope();
          NDManager local = passes.manager().newSubManager()) {
        scope.suppressNotUsedWarning();
        float share = (float) part.size() / count;
        total += loss.of(batch, part, local, share) * share;
      }
    }
    return new Outcome(Map.of("clip", total), count, batch.mix(), 0);
  }

  private double backward(
      Autograd on, ClipBatch batch, MicroBatch.Part part, NDManager local, float share) {
    NDArray target = teacher.of(batch.teacher(), part, local);
    if (!student.imageEncoder().isLearning()) {
      return loss(on, backbone.of(batch.student(), part, local), target, share);
    }
    NDArray images = batch.student().toArray(local, part.from(), part.to());
    BackbonePass pass =
        BackbonePass.of(student.imageEncoder(), images, passes.checkpointActivations());
    double loss = loss(on, pass.tokens(), target, share);
    pass.backward(on);
    return loss;
  }

  private double loss(Autograd on, NDArray tokens, NDArray target, float share) {
    BlockPass head = student.clipHead().pass(tokens);
    NDArray loss = Losses.cosine(student.clipHead().pooled(head.output()), target);
    on.backward(loss.mul(weight * share));
    head.backward(on);
    return loss.getFloat();
  }
}
