package org.samclip.eval.metric;

/**
 * Top-k accuracy: the share of samples whose label is among the k highest logits. Equal logits are
 * ordered by lower class index, so that a model that answers everything alike gets no gift.
 */
public final class TopK {

  private final HitCounts hits;

  /**
   * @param ks the values of k to count, each at least 1 (1 and 5 by custom)
   */
  public TopK(int... ks) {
    hits = new HitCounts(ks);
  }

  /**
   * Adds a batch.
   *
   * @param logits {@code [N, C]} in row-major order; any scores whose order counts
   * @param classes C
   * @param labels {@code [N]}, 0 to C - 1
   * @return {@code [N]} of each sample the rank of its label, 0 for the highest
   * @throws IllegalArgumentException if the sizes do not fit or a label is out of range
   */
  public int[] add(float[] logits, int classes, int[] labels) {
    int[][] chosen = new int[labels.length][];
    for (int row = 0; row < labels.length; row++) {
      chosen[row] = new int[] {labels[row]};
    }
    int[] ranks = Ranks.best(logits, classes, chosen);
    hits.add(ranks);
    return ranks;
  }

  /**
   * @return number of samples added
   */
  public long count() {
    return hits.count();
  }

  /**
   * @param k one of the constructor's
   * @return hits / samples, 0 to 1; NaN before the first sample
   * @throws IllegalArgumentException if {@code k} was not asked for
   */
  public double accuracy(int k) {
    return hits.share(k);
  }
}
