package org.samclip.train.objective;

import java.util.HashMap;
import java.util.Map;

/** Running means of losses, by which they are divided so that they weigh the same. */
final class Balance {

  private final Map<String, Double> decays;
  private final Map<String, Double> means;

  /**
   * @param decays by objective; those that are absent are not divided
   * @param means that an earlier run left
   */
  Balance(Map<String, Double> decays, Map<String, Double> means) {
    this.decays = Map.copyOf(decays);
    this.means = new HashMap<>(means);
    this.means.keySet().retainAll(decays.keySet());
  }

  /**
   * What an objective's loss is multiplied by: 1 in the very first step, of which nothing is known.
   */
  float factor(String objective) {
    double mean = means.getOrDefault(objective, 1.);
    return (float) (1 / Math.max(mean, Float.MIN_NORMAL));
  }

  /** Takes a step's losses. */
  void update(Map<String, Double> losses) {
    decays.forEach(
        (objective, decay) -> {
          double loss = losses.get(objective);
          means.merge(objective, loss, (mean, now) -> decay * mean + (1 - decay) * now);
        });
  }

  Map<String, Double> means() {
    return Map.copyOf(means);
  }
}
