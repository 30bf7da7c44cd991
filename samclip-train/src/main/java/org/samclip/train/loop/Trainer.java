package org.samclip.train.loop;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samclip.UserError;
import org.samclip.kernel.Autograd;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.CosineSchedule;

/** The training step: every objective's gradients, clipping, one update. */
public final class Trainer {

  private final List<Objective> objectives;
  private final AdamW optimizer;
  private final CosineSchedule schedule;
  private final double clipNorm;

  /**
   * What one step did.
   *
   * @param losses by name, before weighting
   * @param gradientNorm before clipping
   * @param lrFactor of every group's base rate
   * @param images seen
   * @param mix images by the name of their source, where several are mixed
   */
  public record Step(
      Map<String, Double> losses,
      double gradientNorm,
      double lrFactor,
      int images,
      Map<String, Long> mix) {}

  /**
   * @param objectives whose gradients accumulate
   * @param optimizer updates the parameters
   * @param schedule of the rate
   * @param clipNorm limit of the gradients' common norm; 0: none
   */
  public Trainer(
      List<Objective> objectives, AdamW optimizer, CosineSchedule schedule, double clipNorm) {
    this.objectives = List.copyOf(objectives);
    this.optimizer = optimizer;
    this.schedule = schedule;
    this.clipNorm = clipNorm;
  }

  /**
   * @param step from 0
   * @return what it did
   * @throws UserError if a loss or the gradient is not finite; nothing is updated then
   */
  public Step step(long step) {
    optimizer.zeroGradients();
    Map<String, Double> losses = new LinkedHashMap<>();
    int images = 0;
    Map<String, Long> mix = new LinkedHashMap<>();
    try (Autograd on = Autograd.enabled()) {
      for (Objective objective : objectives) {
        Objective.Outcome outcome = objective.backward(step, on);
        losses.putAll(outcome.parts());
        images += outcome.images();
        mix.putAll(outcome.mix());
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
    return new Step(losses, norm, factor, images, mix);
  }

  /**
   * @return seconds that all objectives have waited for data
   */
  public double waitedSeconds() {
    return objectives.stream().mapToDouble(Objective::waitedSeconds).sum();
  }
}
