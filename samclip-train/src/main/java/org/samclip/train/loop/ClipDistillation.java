package org.samclip.train.loop;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.LongFunction;
import org.samclip.clip.Clip;
import org.samclip.data.replay.Position;
import org.samclip.data.replay.ReplayStream;
import org.samclip.kernel.Autograd;
import org.samclip.model.SamClip;
import org.samclip.train.loss.Losses;
import org.samclip.vitdet.BackbonePass;
import org.samclip.vitdet.ImageEncoder;

/**
 * {@code L_CLIP}: the pooled output of the CLIP head against the CLIP teacher's image embedding of
 * the same crop, by cosine (paper, section 3). No text, no labels.
 */
public final class ClipDistillation extends PrefetchedObjective<ClipBatch> {

  private final SamClip student;
  private final Clip teacher;
  private final NDManager manager;
  private final MicroBatch microBatch;
  private final float weight;
  private final boolean checkpointActivations;
  private final FrozenFeatures backbone;
  private final FrozenFeatures answers;

  /**
   * @param student learns
   * @param teacher is asked
   * @param manager on the models' device
   * @param stream of images
   * @param batches over that stream, usually {@link ClipBatches}
   * @param span steps to run
   * @param microBatch images a forward pass
   * @param weight of the loss in the sum
   * @param checkpointActivations whether the backbone's blocks are computed again in the backward
   *     pass instead of kept
   * @param cache folder in which the frozen backbone's tokens and the teacher's answers are kept;
   *     null: both are computed at every step
   */
  public ClipDistillation(
      SamClip student,
      Clip teacher,
      NDManager manager,
      ReplayStream stream,
      LongFunction<ClipBatch> batches,
      Span span,
      MicroBatch microBatch,
      double weight,
      boolean checkpointActivations,
      Path cache) {
    super("batches-clip", stream, batches, span);
    this.student = student;
    this.teacher = teacher;
    this.manager = manager;
    this.microBatch = microBatch;
    this.weight = (float) weight;
    this.checkpointActivations = checkpointActivations;
    this.backbone = cache == null ? null : new FrozenFeatures(cache, "backbone");
    this.answers = cache == null ? null : new FrozenFeatures(cache, "clip-teacher");
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
    ClipBatch batch = nextBatch();
    int count = batch.student().count();
    double total = 0;
    for (MicroBatch.Part part : microBatch.parts(count, batch.student().side())) {
      try (NDScope scope = new NDScope();
          NDManager local = manager.newSubManager()) {
        scope.suppressNotUsedWarning();
        NDArray target = ask(batch, local, part);
        BackbonePass pass = backbone == null ? pass(batch, local, part) : null;
        NDArray tokens = pass == null ? cached(batch, local, part) : pass.tokens();
        NDArray embedding = student.clipHead().forward(tokens);
        NDArray loss = Losses.cosine(embedding, target);
        float share = (float) part.size() / count;
        on.backward(loss.mul(weight * share));
        if (pass != null) {
          pass.backward(on);
        }
        total += loss.getFloat() * share;
      }
    }
    return new Outcome(
        Map.of("clip", total), count, batch.mix().size() > 1 ? batch.mix() : Map.of());
  }

  private BackbonePass pass(ClipBatch batch, NDManager local, MicroBatch.Part part) {
    NDArray images = batch.student().toArray(local, part.from(), part.to());
    return BackbonePass.of(student.imageEncoder(), images, checkpointActivations);
  }

  private NDArray cached(ClipBatch batch, NDManager local, MicroBatch.Part part) {
    ImageEncoder encoder = student.imageEncoder();
    long grid = batch.student().side() / encoder.config().patch();
    Shape row = new Shape(grid, grid, encoder.config().width());
    return backbone.of(batch.student(), batch.views(), part, row, local, encoder::tokens);
  }

  private NDArray ask(ClipBatch batch, NDManager local, MicroBatch.Part part) {
    if (answers != null) {
      Shape row = new Shape(teacher.config().embedDim());
      return answers.of(batch.teacher(), batch.views(), part, row, local, teacher::embedImages);
    }
    try (Autograd off = Autograd.disabled()) {
      return teacher.embedImages(batch.teacher().toArray(local, part.from(), part.to()));
    }
  }

  @Override
  void release() {
    if (backbone != null) {
      backbone.close();
      answers.close();
    }
  }
}
