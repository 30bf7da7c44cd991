package org.samclip.train.recipe;

import java.util.List;

/**
 * AdamW with a cosine schedule after linear warm-up.
 *
 * @param lr learning rate at the top of the schedule; a group's {@code lr_factor} multiplies it
 * @param betas decay of the first and second moment
 * @param eps added to the root of the second moment after bias correction
 * @param weightDecay decoupled decay; never on tensors of one dimension (biases, norms)
 * @param noDecay further name patterns without decay (positions)
 * @param warmup linear rise of the rate from 0
 * @param finalLrFactor rate at the end of the planned schedule, as a factor of {@code lr}
 * @param clipNorm limit of the gradients' global norm; 0 switches clipping off
 */
public record OptimizerSpec(
    double lr,
    List<Double> betas,
    double eps,
    double weightDecay,
    List<String> noDecay,
    Duration warmup,
    double finalLrFactor,
    double clipNorm) {

  /** Checks ranges. */
  public OptimizerSpec {
    Check.positive("lr", lr);
    betas = List.copyOf(betas);
    Check.that(
        betas.size() == 2 && betas.stream().allMatch(b -> b >= 0 && b < 1),
        "betas",
        betas,
        "two numbers from 0 to below 1, such as [0.9, 0.98]");
    Check.positive("eps", eps);
    Check.notNegative("weight_decay", weightDecay);
    noDecay = List.copyOf(noDecay);
    noDecay.forEach(pattern -> Check.notBlank("no_decay", pattern));
    Check.that(
        !warmup.isTime(), "warmup", warmup, "steps, epochs or %, such as '100 steps' or '5 %'");
    Check.share("final_lr_factor", finalLrFactor);
    Check.notNegative("clip_norm", clipNorm);
  }
}
