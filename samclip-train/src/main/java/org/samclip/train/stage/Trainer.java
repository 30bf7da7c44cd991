package org.samclip.train.stage;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.samclip.UserError;
import org.samclip.kernel.Autograd;
import org.samclip.train.objective.TrainingFeed;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.CosineSchedule;
import org.samclip.train.optim.GradientTelemetry;
import org.samclip.train.rank.Ranks;
import org.samclip.train.rank.SingleRank;

/** The training step: every feed's gradients, their sum over ranks, clipping, one update. */
public final class Trainer {

  private final List<? extends TrainingFeed> feeds;
  private final AdamW optimizer;
  private final CosineSchedule schedule;
  private final double clipNorm;
  private Optional<GradientTelemetry> telemetry = Optional.empty();
  private int cosineEvery;
  private Ranks ranks = SingleRank.ONLY;

  /**
   * What one step did.
   *
   * @param losses by name, before weighting
   * @param gradients of all feeds together, before clipping
   * @param lrFactor of every group's base rate
   * @param images seen, by all ranks
   * @param samples counts of the data by name: {@code FEED_NAME}, samples of that source, where a
   *     feed's data are mixed, and {@code FEED_passed_over}, samples that could not be used
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
   * @param norms of what each feed added, weighted as in the sum, by its name; empty for a single
   *     feed, and with several ranks
   * @param cosine between the feeds' gradients on the backbone, in the steps in which it is asked
   *     for; else NaN
   */
  public record Gradients(double norm, boolean clipped, Map<String, Double> norms, double cosine) {}

  /**
   * @param feeds whose gradients accumulate
   * @param optimizer updates the parameters
   * @param schedule of the rate
   * @param clipNorm limit of the gradients' common norm; 0: none
   */
  public Trainer(
      List<? extends TrainingFeed> feeds,
      AdamW optimizer,
      CosineSchedule schedule,
      double clipNorm) {
    this.feeds = List.copyOf(feeds);
    this.optimizer = optimizer;
    this.schedule = schedule;
    this.clipNorm = clipNorm;
  }

  /**
   * @param gradients tells the feeds' gradients apart, where there are several
   * @param every so many steps their cosine is told; 0: never
   * @return this
   */
  public Trainer optTelemetry(GradientTelemetry gradients, int every) {
    telemetry = feeds.size() > 1 && ranks.count() == 1 ? Optional.of(gradients) : Optional.empty();
    cosineEvery = every;
    return this;
  }

  /**
   * @param all who share each batch; their gradients add up. What each feed brings is then not told
   *     apart, as no rank sees more than its own part of it
   * @return this
   */
  public Trainer optRanks(Ranks all) {
    ranks = all;
    if (all.count() > 1) {
      telemetry = Optional.empty();
    }
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
    List<TrainingFeed.Outcome> outcomes = new ArrayList<>();
    for (TrainingFeed feed : feeds) {
      TrainingFeed.Outcome outcome;
      try (Autograd on = Autograd.enabled()) {
        outcome = feed.backward(step, on);
      }
      outcomes.add(outcome);
      images += outcome.images();
      String data = feed.name() + "_";
      outcome.mix().forEach((name, count) -> samples.put(data + name, count));
      if (outcome.passedOver() > 0) {
        samples.put(data + "passed_over", (long) outcome.passedOver());
      }
      if (telemetry.isPresent()) {
        GradientTelemetry.Added added = telemetry.get().added(withCosine);
        norms.put(feed.name(), added.norm());
        cosine = added.cosine();
      }
    }
    optimizer.sumGradients(ranks);
    // Only now is the device waited for.
    outcomes.forEach(outcome -> losses.putAll(outcome.losses().get()));
    double norm = optimizer.clip(clipNorm);
    boolean finite = Double.isFinite(norm) && losses.values().stream().allMatch(Double::isFinite);
    if (ranks.agree(!finite)) {
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
   * @return seconds that all feeds have waited for data
   */
  public double waitedSeconds() {
    return feeds.stream().mapToDouble(TrainingFeed::waitedSeconds).sum();
  }
}
