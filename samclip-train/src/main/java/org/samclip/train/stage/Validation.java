package org.samclip.train.stage;

import ai.djl.ndarray.NDManager;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samclip.data.replay.Selection.Side;
import org.samclip.model.SamClipModel;
import org.samclip.train.feed.DataFiles;
import org.samclip.train.feed.Span;
import org.samclip.train.objective.Distillation;
import org.samclip.train.objective.Distillations;
import org.samclip.train.objective.Objective;
import org.samclip.train.recipe.StageSpec;
import org.samclip.train.recipe.ValidationSpec;

/**
 * A look at a model in training: the stage's losses on the images held out of both sources, always
 * the same ones, and its skills on the validation sets.
 *
 * @param distillations make the losses
 * @param skills measure a model on the validation sets with at most so many images of each
 */
public record Validation(Distillations distillations, Skills skills) {

  /** Measures columns of the table. */
  @FunctionalInterface
  public interface Skills {

    /**
     * @param model to measure
     * @param images at most so many of each set; 0: all
     * @return metrics by name; those without a set are absent
     */
    Map<String, Double> of(SamClipModel model, int images);
  }

  /**
   * @param stage in which the model is trained
   * @param model to look at
   * @param manager on the model's device
   * @return {@code loss}, {@code clip_loss}, {@code sam_loss} and its parts, where there are images
   *     held out; and the skills
   */
  Map<String, Double> look(StageSpec stage, SamClipModel model, NDManager manager) {
    Map<String, Double> values = new LinkedHashMap<>(losses(stage, model, manager));
    values.putAll(skills.of(model, stage.validation().images()));
    return values;
  }

  private Map<String, Double> losses(StageSpec stage, SamClipModel model, NDManager manager) {
    long steps = steps(stage);
    Map<String, Double> means = new LinkedHashMap<>();
    if (steps == 0) {
      return means;
    }
    List<Distillation> objectives =
        distillations.of(
            stage,
            model.model(),
            manager,
            Optional.empty(),
            Side.HELD_OUT,
            Map.of(),
            new Span(0, steps));
    try {
      for (Distillation objective : objectives) {
        double seen = 0;
        for (long step = 0; step < steps; step++) {
          Objective.Outcome outcome = objective.measure();
          seen += outcome.images();
          outcome
              .parts()
              .forEach(
                  (name, loss) -> means.merge(lossOf(name), loss * outcome.images(), Double::sum));
        }
        double images = seen;
        means.replaceAll(
            (name, sum) -> name.startsWith(objective.source() + "_") ? sum / images : sum);
      }
    } finally {
      objectives.forEach(Objective::close);
    }
    double total = 0;
    if (stage.sources().clip() != null) {
      total += stage.losses().clip().weight() * means.get(lossOf(DataFiles.CLIP));
    }
    if (stage.sources().sam() != null) {
      total += stage.lambda() * means.get(lossOf(DataFiles.SAM));
    }
    Map<String, Double> all = new LinkedHashMap<>();
    all.put(ValidationSpec.LOSS, total);
    all.putAll(means);
    return all;
  }

  private static String lossOf(String part) {
    return part + "_" + ValidationSpec.LOSS;
  }

  /** Batches that the held-out images fill, at least one; 0 where none are held out. */
  private long steps(StageSpec stage) {
    int most = stage.validation().images() == 0 ? Integer.MAX_VALUE : stage.validation().images();
    double steps = Double.POSITIVE_INFINITY;
    if (stage.sources().clip() != null) {
      long images = Math.min(most, distillations.data().clipHeldOut());
      steps = Math.min(steps, images / stage.sources().clip().batches().meanBatch());
      if (images == 0) {
        return 0;
      }
    }
    if (stage.sources().sam() != null) {
      long images = Math.min(most, distillations.data().samHeldOut());
      steps = Math.min(steps, images / (double) stage.sources().sam().batchSize());
      if (images == 0) {
        return 0;
      }
    }
    return Math.max(1, (long) steps);
  }
}
