package org.samclip.train.bench;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.samclip.NearestName;
import org.samclip.UserError;

/** What can be measured. Names carry the paper's resolution; {@code --side} may change it. */
public enum BenchWork {
  /** Forward pass of the encoder. */
  ENCODER_INFER(
      "encoder-infer-1024",
      "SAM's image encoder, forward",
      setting -> new EncoderWork(setting, false)),
  /** Forward and backward pass of the encoder. */
  ENCODER_TRAIN(
      "encoder-train-1024",
      "SAM's image encoder, forward and backward to all parameters",
      setting -> new EncoderWork(setting, true)),
  /** A step of stage 2. */
  STAGE2_STEP(
      "stage2-step",
      "both losses with both teachers, and one update of encoder, CLIP head and mask decoder",
      setting -> new StepWork(setting, false)),
  /** A step of stage 2 whose teachers have answered before. */
  STAGE2_STEP_CACHED(
      "stage2-step-cached",
      "the same with the teachers' outputs from the cache",
      setting -> new StepWork(setting, true)),
  /** An epoch of stage 1, everything computed. */
  STAGE1_EPOCH(
      "stage1-epoch",
      "an epoch of the CLIP head on a frozen backbone",
      setting -> new EpochWork(setting, false)),
  /** A later epoch of stage 1 with cached features. */
  STAGE1_EPOCH_CACHED(
      "stage1-epoch-cached",
      "the same from cached features, which the epoch before has filled",
      setting -> new EpochWork(setting, true)),
  /** The optimiser's update. */
  ADAMW("adamw", "one update of all parameters of the encoder", OptimizerWork::new),
  /** Writing a checkpoint. */
  CHECKPOINT_SAVE(
      "checkpoint-save",
      "model and moments to disk, flushed",
      setting -> new CheckpointWork(setting, true)),
  /** Reading a checkpoint. */
  CHECKPOINT_LOAD(
      "checkpoint-load",
      "model and moments from disk",
      setting -> new CheckpointWork(setting, false)),
  /** From files to SAM's input. */
  JPEG_DECODE(
      "jpeg-decode", "photos decoded, resized and normalised, on one thread", DecodeWork::new),
  /** From files to CLIP's batches. */
  DATA_PIPELINE(
      "data-pipeline", "CLIP batches of photos in a folder, on all threads", PipelineWork::new);

  private final String label;
  private final String description;
  private final Function<BenchSetting, Work> opener;

  BenchWork(String label, String description, Function<BenchSetting, Work> opener) {
    this.label = label;
    this.description = description;
    this.opener = opener;
  }

  /**
   * @param label as on the command line
   * @return the work
   * @throws UserError if there is none of that name
   */
  public static BenchWork of(String label) {
    List<String> labels = Arrays.stream(values()).map(BenchWork::label).toList();
    int index = labels.indexOf(label);
    if (index < 0) {
      throw new UserError(
          "--work "
              + label
              + ": unknown, allowed: "
              + String.join(", ", labels)
              + "."
              + NearestName.hint(label, labels));
    }
    return values()[index];
  }

  /**
   * @return the name on the command line and in results
   */
  public String label() {
    return label;
  }

  /**
   * @return one line
   */
  public String description() {
    return description;
  }

  Work open(BenchSetting setting) {
    return opener.apply(setting);
  }
}
