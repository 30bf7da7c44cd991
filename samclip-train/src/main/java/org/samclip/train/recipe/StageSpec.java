package org.samclip.train.recipe;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * One stage of training, as data (the paper has three).
 *
 * @param name unique in its list; names checkpoints and table rows
 * @param start the model it begins from: {@code previous}, {@code base} (SAM's weights with a fresh
 *     CLIP head), or the name of an earlier stage
 * @param duration when it ends: steps or epochs; a time would make the result depend on the machine
 * @param scheduleDuration how long the learning-rate schedule was planned for, if longer than the
 *     stage (paper: planned for 20 epochs, stopped at 16)
 * @param sources what each step reads
 * @param lambda weight of L_SAM in L_CLIP + lambda L_SAM; given if, and only if, there is a SAM
 *     source
 * @param losses the terms and their weights
 * @param optimizer AdamW and its schedule
 * @param groups which parameters learn, at which rate; the first matching group takes a parameter
 * @param validation what is looked at while the stage trains; absent: nothing
 * @param ema decay of a moving average of the weights that learn, below 1, such as 0.999; the
 *     average is what is validated and what the stage ends with. Absent: none
 * @param cacheFeatures keep what frozen networks say on disk instead of computing it anew: both
 *     teachers, and the backbone where it does not learn; a clip source needs {@code views}
 * @param checkpointActivations compute each block of the backbone again in the backward pass
 *     instead of keeping what it made: less memory, more time, the same gradients
 */
public record StageSpec(
    String name,
    String start,
    Duration duration,
    @Optional Duration scheduleDuration,
    SourcesSpec sources,
    @Optional Double lambda,
    LossesSpec losses,
    OptimizerSpec optimizer,
    List<GroupSpec> groups,
    @Optional ValidationSpec validation,
    @Optional Double ema,
    boolean cacheFeatures,
    boolean checkpointActivations) {

  /** Value of {@code start}: the model the stage before ended with (base, in the first). */
  public static final String PREVIOUS = "previous";

  /** Value of {@code start}: SAM's weights with a fresh CLIP head. */
  public static final String BASE = "base";

  /** Checks what can be checked within one stage. */
  public StageSpec {
    Check.name("name", name);
    Check.that(
        !name.equals(PREVIOUS) && !name.equals(BASE),
        "name",
        "'" + name + "'",
        "another name, as this one has a meaning in 'start'");
    Check.notBlank("start", start);
    Check.that(
        !duration.isShare() && !duration.isTime(),
        "duration",
        duration,
        "steps or epochs, such as '500 steps' (a time would make the result depend on the machine)");
    Check.that(duration.amount() > 0, "duration", duration, "more than nothing");
    if (scheduleDuration != null) {
      Check.that(
          scheduleDuration.unit() == duration.unit()
              && scheduleDuration.amount() >= duration.amount(),
          "schedule_duration",
          scheduleDuration,
          "at least the duration (" + duration + "), in the same unit");
    }
    if (sources.sam() == null) {
      Check.that(lambda == null, "lambda", lambda, "nothing, as the stage has no sam source");
    } else {
      Check.that(lambda != null, "lambda", "missing", "a number, as the stage has a sam source");
      Check.notNegative("lambda", lambda);
    }
    groups = Check.notEmpty("groups", groups);
    Check.that(
        groups.stream().anyMatch(g -> !g.frozen()),
        "groups",
        "all frozen",
        "at least one group that learns");
    if (ema != null) {
      Check.that(ema > 0 && ema < 1, "ema", ema, "above 0, below 1, such as 0.999");
    }
    if (cacheFeatures && sources.clip() != null) {
      Check.that(
          sources.clip().views() > 0,
          "cache_features",
          true,
          "false, as sources.clip.views is 0: every epoch sees new crops, so nothing repeats");
    }
  }

  /**
   * What the learning-rate schedule is planned for: {@code schedule_duration}, else the duration.
   */
  public Duration plannedDuration() {
    return scheduleDuration == null ? duration : scheduleDuration;
  }

  /**
   * Steps of one pass over the data: over the CLIP source, or over the SAM source if there is no
   * other; on average over the resolutions, fractional.
   *
   * @param clipImages images to train on in the CLIP source
   * @param samImages images to train on in the SAM source
   */
  public double stepsPerEpoch(long clipImages, long samImages) {
    return sources.clip() != null
        ? sources.clip().batches().stepsPerEpoch(clipImages)
        : samImages / (double) sources.sam().batchSize();
  }

  /**
   * Checks unique names and that every start names base, previous or an earlier stage.
   *
   * @param key of the list, for messages
   * @param stages in their order
   * @param outside names of further stages that may be started from
   */
  static void checkSequence(String key, List<StageSpec> stages, List<String> outside) {
    Check.distinct(key, stages, StageSpec::name);
    Set<String> earlier = new LinkedHashSet<>(outside);
    for (int i = 0; i < stages.size(); i++) {
      StageSpec stage = stages.get(i);
      Check.that(
          stage.start.equals(PREVIOUS) || stage.start.equals(BASE) || earlier.contains(stage.start),
          key + "." + (i + 1) + ".start",
          "'" + stage.start + "'",
          "previous, base or the name of an earlier stage"
              + (earlier.isEmpty() ? "" : " (" + String.join(", ", earlier) + ")"));
      earlier.add(stage.name);
    }
  }
}
