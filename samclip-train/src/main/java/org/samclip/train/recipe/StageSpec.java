package org.samclip.train.recipe;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One stage of training, as data (the paper has three).
 *
 * @param name unique in its list; names checkpoints and table rows
 * @param start the model it begins from: {@code previous}, {@code base} (the student as the recipe
 *     makes it), or the name of an earlier stage
 * @param duration when it ends: steps or epochs; a time would make the result depend on the machine
 * @param scheduleDuration how long the learning-rate schedule was planned for, if longer than the
 *     stage (paper: planned for 20 epochs, stopped at 16)
 * @param feeds what each step reads, by name, and what is learned from it; their gradients add up
 *     before one update
 * @param optimizer AdamW and its schedule
 * @param groups which parameters learn, at which rate; the first matching group takes a parameter
 * @param validation what is looked at while the stage trains; absent: nothing
 * @param ema decay of a moving average of the weights that learn, below 1, such as 0.999; the
 *     average is what is validated and what the stage ends with. Absent: none
 * @param cacheFeatures keep what frozen networks say on disk instead of computing it anew: the
 *     teachers, and the backbone where it does not learn; feeds that crop need {@code views}
 * @param checkpointActivations compute each block of the backbone again in the backward pass
 *     instead of keeping what it made: less memory, more time, the same gradients
 */
public record StageSpec(
    String name,
    String start,
    Duration duration,
    @Optional Duration scheduleDuration,
    Map<String, FeedSpec> feeds,
    OptimizerSpec optimizer,
    List<GroupSpec> groups,
    @Optional ValidationSpec validation,
    @Optional Double ema,
    boolean cacheFeatures,
    boolean checkpointActivations) {

  /** Value of {@code start}: the model the stage before ended with (base, in the first). */
  public static final String PREVIOUS = "previous";

  /** Value of {@code start}: the student as the recipe makes it. */
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
    feeds = Check.names("feeds", feeds);
    Check.that(!feeds.isEmpty(), "feeds", "empty", "at least one feed");
    Set<String> objectives = new LinkedHashSet<>();
    feeds.forEach(
        (feed, spec) ->
            spec.objectives()
                .keySet()
                .forEach(
                    objective ->
                        Check.that(
                            objectives.add(objective),
                            "feeds." + feed + ".objectives." + objective,
                            "the name of another objective of the stage",
                            "names of their own, as losses are told by them")));
    groups = Check.notEmpty("groups", groups);
    Check.that(
        groups.stream().anyMatch(g -> !g.frozen()),
        "groups",
        "all frozen",
        "at least one group that learns");
    if (ema != null) {
      Check.that(ema > 0 && ema < 1, "ema", ema, "above 0, below 1, such as 0.999");
    }
    if (cacheFeatures) {
      feeds.forEach(
          (feed, spec) -> {
            boolean fresh = !spec.padded() && spec.views() == 0;
            uncached(fresh, feed + ".views is 0: every epoch sees new crops");
            uncached(spec.shift() > 0, feed + ".shift moves the images anew in every step");
            uncached(spec.hasMosaic(), feed + ".sides has mosaics of other images in every epoch");
          });
    }
  }

  private static void uncached(boolean given, String why) {
    Check.that(!given, "cache_features", true, "false, as feeds." + why + ", so nothing repeats");
  }

  /**
   * What the learning-rate schedule is planned for: {@code schedule_duration}, else the duration.
   */
  public Duration plannedDuration() {
    return scheduleDuration == null ? duration : scheduleDuration;
  }

  /**
   * @return the feed whose passes over its data are the stage's epochs: the first
   */
  public FeedSpec epochFeed() {
    return feeds.values().iterator().next();
  }

  /**
   * Steps of one pass over the first feed's data; on average over the resolutions, fractional.
   *
   * @param images images to train on in that data
   */
  public double stepsPerEpoch(long images) {
    FeedSpec first = epochFeed();
    return images * first.subset() / first.meanBatch();
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
