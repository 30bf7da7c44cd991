package org.samclip.train.recipe;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.List;

/**
 * Everything a run depends on, resolved: no key is left to a default.
 *
 * @param name names the run and its folder
 * @param seed of every random stream of the run
 * @param device {@code cpu}, {@code cuda} (the first GPU) or {@code cuda:N}
 * @param precision of the training arithmetic
 * @param maxSteps ends every stage after so many steps, to try a recipe out; its schedules stay as
 *     planned. Null: none
 * @param model the student
 * @param teachers whom it learns from
 * @param data the images of both sources
 * @param stages what is trained, in order; at least one
 * @param baselines further models to train for comparison, may be empty
 * @param evaluation what is measured
 * @param cache what frozen networks say
 * @param checkpoint what is saved
 * @param telemetry what is told of each step beside the losses
 */
public record Recipe(
    String name,
    long seed,
    String device,
    Precision precision,
    @Optional Integer maxSteps,
    ModelSpec model,
    TeachersSpec teachers,
    DataSpec data,
    List<StageSpec> stages,
    List<BaselineSpec> baselines,
    EvaluationSpec evaluation,
    CacheSpec cache,
    CheckpointSpec checkpoint,
    TelemetrySpec telemetry) {

  /** Arithmetic of the forward and backward passes; weights and moments are always float32. */
  public enum Precision {
    /** BF16 on a GPU, FLOAT32 on the CPU. */
    AUTO,
    /** 32-bit everywhere. */
    FLOAT32,
    /** Matrix products in bfloat16, everything else in 32-bit. */
    BF16
  }

  /** Checks names and the links between stages. */
  public Recipe {
    Check.name("name", name);
    Check.that(
        device.matches("cpu|cuda(:[0-9]{1,3})?"),
        "device",
        "'" + device + "'",
        "cpu, cuda or cuda:N (N counts GPUs from 0)");
    Check.that(maxSteps == null || maxSteps >= 1, "max_steps", maxSteps, "1 or more");
    stages = Check.notEmpty("stages", stages);
    baselines = List.copyOf(baselines);
    StageSpec.checkSequence("stages", stages, List.of());
    Check.distinct("baselines", baselines, BaselineSpec::name);
    checkStages("stages", stages, model, data);
    List<String> names = stages.stream().map(StageSpec::name).toList();
    for (BaselineSpec baseline : baselines) {
      // A head of another shape cannot begin from a stage that trained the recipe's.
      StageSpec.checkSequence(
          "baselines." + baseline.name() + ".stages",
          baseline.stages(),
          baseline.clipHead() == null ? names : List.of());
      checkStages("baselines." + baseline.name() + ".stages", baseline.stages(), model, data);
    }
    evaluation
        .classificationResolutions()
        .forEach(r -> model.checkResolution("evaluation.classification_resolutions", r));
    evaluation
        .semanticResolutions()
        .forEach(r -> model.checkResolution("evaluation.semantic_resolutions", r));
    evaluation
        .promptedResolutions()
        .forEach(r -> model.checkResolution("evaluation.prompted_resolutions", r));
    model.checkResolution("evaluation.composed.resolution", evaluation.composed().resolution());
  }

  private static void checkStages(
      String key, List<StageSpec> stages, ModelSpec model, DataSpec data) {
    for (StageSpec stage : stages) {
      data.checkFeeds("data", stage);
      String sources = key + "." + stage.name() + ".sources.";
      if (stage.sources().clip() != null) {
        for (int resolution : stage.sources().clip().resolutions()) {
          model.checkResolution(sources + "clip.resolutions", resolution);
        }
      }
      if (stage.sources().sam() != null) {
        model.checkResolution(sources + "sam.resolution", stage.sources().sam().resolution());
      }
    }
  }

  /** Whether training computes matrix products in bfloat16. */
  @JsonIgnore
  public boolean isBf16() {
    return precision == Precision.BF16 || precision == Precision.AUTO && device.startsWith("cuda");
  }

  /** The stage of this name, or null. */
  public StageSpec stage(String stageName) {
    return stages.stream().filter(s -> s.name().equals(stageName)).findFirst().orElse(null);
  }

  /**
   * SHA-256 of the resolved recipe in canonical JSON (keys sorted, no white space): 64 lower-case
   * hexadecimal digits. Equal recipes have equal hashes however their files were written.
   */
  @JsonIgnore
  public String hash() {
    return RecipeWriter.hash(this);
  }

  /**
   * @return a hash as {@link #hash} that recipes which differ in the seed only have in common
   */
  public String hashOfAnySeed() {
    return RecipeWriter.hash(
        new Recipe(
            name,
            0,
            device,
            precision,
            maxSteps,
            model,
            teachers,
            data,
            stages,
            baselines,
            evaluation,
            cache,
            checkpoint,
            telemetry));
  }
}
