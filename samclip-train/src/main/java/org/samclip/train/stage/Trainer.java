package org.samclip.train.stage;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samclip.UserError;
import org.samclip.kernel.Autograd;
import org.samclip.train.objective.Objective;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.CosineSchedule;
import org.samclip.train.optim.GradientTelemetry;

/** The training step: every objective's gradients, clipping, one update. */
public final class Trainer {

  private final List<? extends Objective> objectives;
  private final AdamW optimizer;
  private final CosineSchedule schedule;
  private final double clipNorm;
  private Optional<GradientTelemetry> telemetry = Optional.empty();
  private int cosineEvery;

  /**
   * What one step did.
   *
   * @param losses by name, before weighting
   * @param gradients of all objectives together, before clipping
   * @param lrFactor of every group's base rate
   * @param images seen
   * @param samples counts of the data by name: {@code clip_NAME}, samples of that source of the
   *     clip data, where several are mixed, and {@code sam_passed_over}, samples that could not be
   *     used
   * @param seconds it took
   * @param waitedSeconds of them for data
   */
  public record Step(
      Map<String, Double> losses,
      Gradients gradients,
      double lrFactor,
      int images,
      Map<String, Long> samples,
      double seconds,
      double waitedSeconds) {}

  /**
   * What is known of a step's gradients.
   *
   * @param norm L2 norm of their sum
   * @param clipped whether that was over the limit
   * @param norms of what each objective added, weighted as in the sum, by its source; empty for a
   *     single objective
   * @param cosine between the objectives' gradients on the backbone, in the steps in which it is
   *     asked for; else NaN
   */
  public record Gradients(double norm, boolean clipped, Map<String, Double> norms, double cosine) {}

  /**
   * @param objectives whose gradients accumulate
   * @param optimizer updates the parameters
   * @param schedule of the rate
   * @param clipNorm limit of the gradients' common norm; 0: none
   */
  public Trainer(
      List<? extends Objective> objectives,
      AdamW optimizer,
      CosineSchedule schedule,
      double clipNorm) {
    this.objectives = List.copyOf(objectives);
    this.optimizer = optimizer;
    this.schedule = schedule;
    this.clipNorm = clipNorm;
  }

  /**
   * @param gradients tells the objectives' gradients apart, where there are several
   * @param every so many steps their cosine is told; 0: never
   * @return this
   */
  public Trainer optTelemetry(GradientTelemetry gradients, int every) {
    telemetry = objectives.size() > 1 ? Optional.of(gradients) : Optional.empty();
    cosineEvery = every;
    return this;
  }

  /**
   * @param step from 0
   * @return what it did
   * @throws UserError if a loss or the gradient is not finite; nothing is updated then
   */
  public Step step(long step) {
    long start = System.nanoTime();
    double waitedBefore = waitedSeconds();
    optimizer.zeroGradients();
    telemetry.ifPresent(GradientTelemetry::begin);
    boolean withCosine = cosineEvery > 0 && step % cosineEvery == 0;
    Map<String, Double> losses = new LinkedHashMap<>();
    Map<String, Double> norms = new LinkedHashMap<>();
    double cosine = Double.NaN;
    int images = 0;
    Map<String, Long> samples = new LinkedHashMap<>();
    for (Objective objective : objectives) {
      Objective.Outcome outcome;
      try (Autograd on = Autograd.enabled()) {
        outcome = objective.backward(step, on);
      }
      losses.putAll(outcome.parts());
      images += outcome.images();
      String data = objective.source() + "_";
      outcome.mix().forEach((name, count) -> samples.put(data + name, count));
      if (outcome.passedOver() > 0) {
        samples.put(data + "passed_over", (long) outcome.passedOver());
      }
      if (telemetry.isPresent()) {
        GradientTelemetry.Added added = telemetry.get().added(withCosine);
        norms.put(objective.source(), added.norm());
        cosine = added.cosine();
      }
    }
    double norm = optimizer.clip(clipNorm);
    if (!Double.isFinite(norm)
        || losses.values().stream().anyMatch(loss -> !Double.isFinite(loss))) {
      throw new UserError(
          "step "
              + step
              + ": losses "
              + losses
              + ", gradient norm "
              + norm
              + ": not finite; the parameters were left as they were. Lower optimizer.lr, or look"
              + " for NaN in the teachers' weights");
    }
    double factor = schedule.factor(step);
    optimizer.step(factor);
    Gradients gradients = new Gradients(norm, clipNorm > 0 && norm > clipNorm, norms, cosine);
    double seconds = (System.nanoTime() - start) / 1e9;
    return new Step(
        losses, gradients, factor, images, samples, seconds, waitedSeconds() - waitedBefore);
  }

  /**
   * @return seconds that all objectives have waited for data
   */
  public double waitedSeconds() {
    return objectives.stream().mapToDouble(Objective::waitedSeconds).sum();
  }
}
