package org.samclip.train.recipe;

/**
 * Parameters that share a rate.
 *
 * @param pattern matches whole parameter names; see {@link NamePattern}
 * @param lrFactor multiplies the optimiser's rate; absent means 1, and must be absent if frozen
 * @param frozen whether they keep their values
 */
public record GroupSpec(String pattern, @Optional Double lrFactor, boolean frozen) {

  /** Checks that a frozen group has no rate. */
  public GroupSpec {
    Check.notBlank("pattern", pattern);
    NamePattern.of(pattern);
    if (lrFactor != null) {
      Check.that(
          !frozen, "lr_factor", lrFactor, "nothing, as the group is frozen ('lr_factor: null')");
      Check.positive("lr_factor", lrFactor);
    }
  }

  /** The factor on the rate: 0 if frozen. */
  public double rateFactor() {
    return frozen ? 0 : lrFactor == null ? 1 : lrFactor;
  }
}
