package org.samclip.train.optim;

/**
 * Linear warm-up, then half a cosine (open_clip_train, scheduler.py {@code cosine_lr}).
 *
 * @param warmup steps in which the rate rises
 * @param total steps of the whole schedule, warm-up included
 * @param floor share of the base rate at the end, 0 in the paper
 */
public record CosineSchedule(long warmup, long total, double floor) {

  public CosineSchedule {
    if (warmup < 0 || total < 1 || warmup > total || !(floor >= 0 && floor <= 1)) {
      throw new IllegalArgumentException(
          "warm-up " + warmup + " of " + total + " steps down to " + floor);
    }
  }

  /**
   * @param step from 0
   * @return the factor of the base rate, 0..1
   */
  public double factor(long step) {
    if (step < warmup) {
      return (step + 1.) / warmup;
    }
    if (total == warmup) {
      return 1;
    }
    double done = Math.min(1, (step - warmup) / (double) (total - warmup));
    return floor + (1 - floor) * .5 * (1 + Math.cos(Math.PI * done));
  }
}
