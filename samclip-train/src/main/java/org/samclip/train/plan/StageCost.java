package org.samclip.train.plan;

import org.samclip.clip.ClipConfig;
import org.samclip.model.Arithmetic;
import org.samclip.model.ClipHead;
import org.samclip.model.SamClipConfig;
import org.samclip.sam.SamHeadConfig;
import org.samclip.train.feed.MicroBatch;
import org.samclip.train.objective.SamDistillation;
import org.samclip.train.recipe.AreaScaledBatch;
import org.samclip.train.recipe.ParameterTable;
import org.samclip.train.recipe.SourcesSpec.ClipSourceSpec;
import org.samclip.train.recipe.SourcesSpec.SamSourceSpec;
import org.samclip.train.recipe.StageSpec;
import org.samclip.vitdet.Block;

/**
 * What a stage takes, estimated from sizes alone.
 *
 * <p>Arithmetic counts the matrix products of a forward pass, twice as many again for the backward
 * pass of what lies at or behind a parameter that learns. Activations are a number of float32
 * values for each token, channel and layer that gradients pass through; the mask decoder keeps as
 * many for each image token of the prompts that it sees at a time.
 */
final class StageCost {

  /**
   * Values of a layer in autograd's record, for each token and channel: inputs and outputs of the
   * norms, of the four projections and of the activation function, query and key with the positions
   * appended, and what the backward pass of one layer makes. Counted, not measured.
   */
  private static final int RECORDED = 24;

  /**
   * The same on a CPU in float32, where oneDNN keeps each product's sides in a layout of its own.
   */
  private static final int RECORDED_TWICE = 2 * RECORDED;

  /** Values of a layer with a backward pass of its own, and its share of one layer's record. */
  private static final int LEAN = 16;

  /** Forward and backward, in forward passes. */
  private static final int WITH_BACKWARD = 3;

  private final StageSpec stage;
  private final SamClipConfig model;
  private final ClipConfig clipTeacher;
  private final ParameterTable table;
  private final boolean encoderLearns;
  private final boolean oneDnn;

  /**
   * @param stage of the recipe
   * @param model the student
   * @param clipTeacher the CLIP teacher
   * @param table which parameters of the student learn
   * @param oneDnn whether it trains on a CPU in float32
   */
  StageCost(
      StageSpec stage,
      SamClipConfig model,
      ClipConfig clipTeacher,
      ParameterTable table,
      boolean oneDnn) {
    this.oneDnn = oneDnn;
    this.stage = stage;
    this.model = model;
    this.clipTeacher = clipTeacher;
    this.table = table;
    this.encoderLearns =
        table.entries().stream().anyMatch(e -> !e.frozen() && e.name().startsWith("image_encoder"));
  }

  /**
   * Bytes of gradients and of AdamW's two moments, of the average's copy of the parameters, and of
   * the copy of the gradients that tells two losses apart.
   */
  long learningBytes() {
    long copies = 3L + (stage.ema() == null ? 0 : 1);
    boolean two = stage.sources().clip() != null && stage.sources().sam() != null;
    return (copies + (two ? 1 : 0)) * Float.BYTES * table.trainable();
  }

  /** Bytes of AdamW's two moments, and of the average, in a checkpoint. */
  long stateBytes() {
    return (2L + (stage.ema() == null ? 0 : 1)) * Float.BYTES * table.trainable();
  }

  /** Bytes kept for the largest backward pass. */
  long activationBytes() {
    double most = 0;
    ClipSourceSpec clip = stage.sources().clip();
    if (clip != null) {
      for (int side : clip.resolutions()) {
        int images = micro(clip.microBatch(), clip.baseResolution(), clip.batches(), side);
        double head = images * tokens(side) * model.encoder().width() * headLayers();
        double headKept = head * values(tokens(side) >= ClipHead.LARGE_GRID);
        most = Math.max(most, encoderKept(images, side) + headKept);
      }
    }
    SamSourceSpec sam = stage.sources().sam();
    if (sam != null) {
      int images = sam.microBatch() == null ? sam.batchSize() : sam.microBatch();
      SamHeadConfig head = model.samHead();
      double tokens = images * tokens(sam.resolution());
      double prompts =
          Math.min(
              sam.masksPerImage(),
              Math.max(1, Math.floor(SamDistillation.TOKENS_AT_ONCE / tokens)));
      double decoder = prompts * tokens * head.dim() * (head.depth() + 1) * values(false);
      most = Math.max(most, encoderKept(images, sam.resolution()) + decoder);
    }
    return (long) (most * Float.BYTES);
  }

  private static int micro(Integer given, int baseSide, AreaScaledBatch batches, int side) {
    MicroBatch micro = new MicroBatch(given == null ? 0 : given, baseSide);
    return micro.parts(batches.batchFor(side), side).get(0).size();
  }

  private double encoderKept(int images, int side) {
    if (!encoderLearns) {
      return 0;
    }
    int depth = model.encoder().depth();
    double block = images * tokens(side) * model.encoder().width();
    int values = values(images * tokens(side) >= Block.LEAN_FROM);
    // Every block's input, and all of the one that is computed again.
    return stage.checkpointActivations() ? block * (depth + values) : block * depth * values;
  }

  /** Kept for the backward pass by each layer, for each token and channel. */
  private int values(boolean large) {
    if (!oneDnn) {
      return RECORDED;
    }
    return large ? LEAN : RECORDED_TWICE;
  }

  /**
   * Bytes of the cached outputs, all of them.
   *
   * @param steps of the stage
   * @param clipImages of D_CLIP
   * @param samImages of D_SAM
   */
  long cacheBytes(long steps, long clipImages, long samImages) {
    if (!stage.cacheFeatures()) {
      return 0;
    }
    double values = 0;
    ClipSourceSpec clip = stage.sources().clip();
    if (clip != null) {
      values += asked(seen(steps), clipImages) * clipTeacher.embedDim();
      for (int side : clip.resolutions()) {
        double tokens = encoderLearns ? 0 : asked(seen(side, steps), clipImages) * tokens(side);
        values += tokens * model.encoder().width();
      }
    }
    SamSourceSpec sam = stage.sources().sam();
    if (sam != null) {
      double images = Math.min((double) steps * sam.batchSize(), samImages);
      values += images * tokens(sam.resolution()) * model.encoder().neck();
    }
    return (long) (values * Short.BYTES);
  }

  /** Images of D_CLIP that the steps see at a resolution. */
  private double seen(int side, long steps) {
    ClipSourceSpec clip = stage.sources().clip();
    return (double) steps / clip.resolutions().size() * clip.batches().batchFor(side);
  }

  private double seen(long steps) {
    return stage.sources().clip().resolutions().stream().mapToDouble(r -> seen(r, steps)).sum();
  }

  /** Of so many images seen, those for which a frozen network is asked. */
  private double asked(double seen, long images) {
    return stage.cacheFeatures()
        ? Math.min(seen, (double) images * stage.sources().clip().views())
        : seen;
  }

  /**
   * Floating-point operations of the whole stage.
   *
   * @param steps of the stage
   * @param clipImages of D_CLIP; only asked for where outputs are cached
   * @param samImages of D_SAM; likewise
   */
  double operations(long steps, long clipImages, long samImages) {
    double sum = 0;
    ClipSourceSpec clip = stage.sources().clip();
    if (clip != null) {
      sum += asked(seen(steps), clipImages) * Arithmetic.imageTower(clipTeacher);
      for (int side : clip.resolutions()) {
        double seen = seen(side, steps);
        double head = Arithmetic.clipHead(model.clipHead(), model.encoder(), side);
        double backbone = Arithmetic.backbone(model.encoder(), side) * encoderPasses();
        sum += seen * head * WITH_BACKWARD;
        sum += (encoderLearns ? seen : asked(seen, clipImages)) * backbone;
      }
    }
    SamSourceSpec sam = stage.sources().sam();
    if (sam != null) {
      double seen = (double) steps * sam.batchSize();
      double asked = stage.cacheFeatures() ? Math.min(seen, samImages) : seen;
      double image = Arithmetic.encoder(model.encoder(), sam.resolution());
      int grid = sam.resolution() / model.encoder().patch();
      double prompt = Arithmetic.maskDecoder(model.samHead(), grid) * (WITH_BACKWARD + 1);
      sum += asked * image + seen * (image * encoderPasses() + sam.masksPerImage() * prompt);
    }
    return sum;
  }

  /** Forward passes of the student's encoder that a step's arithmetic amounts to. */
  private int encoderPasses() {
    if (!encoderLearns) {
      return 1;
    }
    return stage.checkpointActivations() ? WITH_BACKWARD + 1 : WITH_BACKWARD;
  }

  private double tokens(int side) {
    double row = (double) side / model.encoder().patch();
    return row * row;
  }

  private int headLayers() {
    return model.clipHead().layers();
  }
}
