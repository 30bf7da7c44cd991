package org.samclip.train.recipe;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.List;
import java.util.Map;

/**
 * Everything a run depends on, resolved: no key is left to a default.
 *
 * @param name names the run and its folder
 * @param seed of every random stream of the run
 * @param device {@code cpu}, {@code cuda} (the first GPU) or {@code cuda:N}
 * @param precision of the training arithmetic
 * @param maxSteps ends every stage after so many steps, to try a recipe out; its schedules stay as
 *     planned. Null: none
 * @param licence that is declared for the merged models; absent: none is
 * @param student what is trained
 * @param teachers whom it learns from, by name
 * @param data the images, by name
 * @param stages what is trained, in order; at least one
 * @param baselines further models to train or to blend for comparison, may be empty
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
    @Optional String licence,
    StudentSpec student,
    Map<String, TeacherSpec> teachers,
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
    if (licence != null) {
      Check.notBlank("licence", licence);
    }
    teachers = Check.names("teachers", teachers);
    Check.that(!teachers.isEmpty(), "teachers", "empty", "at least one teacher");
    Check.that(
        !teachers.containsKey(STUDENT),
        "teachers." + STUDENT,
        "named like the student",
        "another name");
    stages = Check.notEmpty("stages", stages);
    baselines = List.copyOf(baselines);
    student.check("student", teachers, stages);
    StageSpec.checkSequence("stages", stages, List.of());
    Check.distinct("baselines", baselines, BaselineSpec::name);
    checkStages("stages", stages, student, teachers, data);
    List<String> names = stages.stream().map(StageSpec::name).toList();
    for (BaselineSpec baseline : baselines) {
      String key = "baselines." + baseline.name();
      if (baseline.blend() != null) {
        baseline.blend().check(key + ".blend", names);
        continue;
      }
      // A student of another shape cannot begin from a stage that trained the recipe's.
      StageSpec.checkSequence(
          key + ".stages", baseline.stages(), baseline.student() == null ? names : List.of());
      StudentSpec own = baseline.student() == null ? student : baseline.student();
      if (baseline.student() != null) {
        own.check(key + ".student", teachers, baseline.stages());
      }
      checkStages(key + ".stages", baseline.stages(), own, teachers, data);
    }
    evaluation.check(teachers.keySet());
  }

  /** Name of the student among those who see a batch. */
  public static final String STUDENT = "student";

  private static void checkStages(
      String key,
      List<StageSpec> stages,
      StudentSpec student,
      Map<String, TeacherSpec> teachers,
      DataSpec data) {
    for (StageSpec stage : stages) {
      stage
          .feeds()
          .forEach(
              (name, feed) -> {
                String path = key + "." + stage.name() + ".feeds." + name;
                data.check(path, feed);
                Check.that(
                    !feed.objectives().isEmpty(), path + ".objectives", "empty", "at least one");
                feed.objectives()
                    .forEach(
                        (objective, spec) ->
                            spec.check(path + ".objectives." + objective, student, teachers));
                feed.sides()
                    .keySet()
                    .forEach(t -> Check.known(path + ".sides", t, teachers.keySet()));
              });
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
            licence,
            student,
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
