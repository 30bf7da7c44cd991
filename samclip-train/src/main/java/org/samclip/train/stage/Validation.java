package org.samclip.train.stage;

import ai.djl.ndarray.NDManager;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samclip.data.replay.Selection.Side;
import org.samclip.student.MergedModel;
import org.samclip.train.feed.Span;
import org.samclip.train.objective.Feeds;
import org.samclip.train.objective.Passes;
import org.samclip.train.objective.StudentFeed;
import org.samclip.train.objective.TrainingFeed;
import org.samclip.train.recipe.FeedSpec;
import org.samclip.train.recipe.StageSpec;
import org.samclip.train.recipe.ValidationSpec;

/**
 * A look at a model in training: the stage's losses on the images held out of its data, always the
 * same ones, and its skills on the validation sets.
 *
 * @param feeds make the losses
 * @param skills measure a model on the validation sets with at most so many images of each
 */
public record Validation(Feeds feeds, Skills skills) {

  /** Measures columns of the table. */
  @FunctionalInterface
  public interface Skills {

    /**
     * @param model to measure
     * @param images at most so many of each set; 0: all
     * @return metrics by name; those without a set are absent
     */
    Map<String, Double> of(MergedModel model, int images);

    /**
     * @param metric one of them
     * @return whether lower values of it are the better ones
     */
    default boolean lowerIsBetter(String metric) {
      return false;
    }
  }

  /**
   * @param stage in which the model is trained
   * @param model to look at
   * @param scales of the stage's targets
   * @param manager on the model's device
   * @return {@code loss}, and each objective's loss and its terms as {@code NAME_loss}, where there
   *     are images held out; and the skills
   */
  Map<String, Double> look(
      StageSpec stage, MergedModel model, TargetScales scales, NDManager manager) {
    Map<String, Double> values = new LinkedHashMap<>(losses(stage, model, scales, manager));
    scales.inTeachersSpace(() -> values.putAll(skills.of(model, stage.validation().images())));
    return values;
  }

  private Map<String, Double> losses(
      StageSpec stage, MergedModel model, TargetScales scales, NDManager manager) {
    long steps = steps(stage);
    if (steps == 0) {
      return Map.of();
    }
    List<StudentFeed> parts =
        feeds.of(
            stage,
            model.student(),
            new Passes(manager, false, Optional.empty()),
            Side.HELD_OUT,
            Feeds.Start.FRESH,
            new Span(0, steps));
    Map<String, Double> means = new LinkedHashMap<>();
    double total = 0;
    try {
      for (StudentFeed feed : parts) {
        feed.standardise(scales.maps());
        Map<String, Double> own = mean(feed, steps);
        for (Map.Entry<String, Double> weight : feed.weights().entrySet()) {
          total += weight.getValue() * own.get(weight.getKey());
        }
        own.forEach((name, loss) -> means.put(name + "_" + ValidationSpec.LOSS, loss));
      }
    } finally {
      parts.forEach(StudentFeed::close);
    }
    Map<String, Double> all = new LinkedHashMap<>();
    all.put(ValidationSpec.LOSS, total);
    all.putAll(means);
    return all;
  }

  /** Each loss of a feed, as the mean over the images. */
  private static Map<String, Double> mean(StudentFeed feed, long steps) {
    Map<String, Double> sums = new LinkedHashMap<>();
    double seen = 0;
    for (long step = 0; step < steps; step++) {
      TrainingFeed.Outcome outcome = feed.measure();
      seen += outcome.images();
      outcome
          .losses()
          .get()
          .forEach((name, loss) -> sums.merge(name, loss * outcome.images(), Double::sum));
    }
    double images = seen;
    sums.replaceAll((name, sum) -> sum / images);
    return sums;
  }

  /** Batches that the held-out images fill, at least one; 0 where none are held out. */
  private long steps(StageSpec stage) {
    int most = stage.validation().images() == 0 ? Integer.MAX_VALUE : stage.validation().images();
    double steps = Double.POSITIVE_INFINITY;
    for (FeedSpec feed : stage.feeds().values()) {
      long images = Math.min(most, feeds.data().count(feed.data(), Side.HELD_OUT));
      if (images == 0) {
        return 0;
      }
      steps = Math.min(steps, images / feed.meanBatch());
    }
    return Math.max(1, (long) steps);
  }
}
