package org.samclip.eval.metric;

/**
 * Retrieval recall at k as CLIP's papers count it: the share of queries of which at least one right
 * candidate is among the k most similar. Equal similarities are ordered by lower candidate index.
 */
public final class RecallAtK {

  private final HitCounts hits;

  /**
   * @param ks the values of k to count, each at least 1 (1, 5 and 10 by custom)
   */
  public RecallAtK(int... ks) {
    hits = new HitCounts(ks);
  }

  /**
   * Adds a batch of queries against all candidates.
   *
   * @param similarities {@code [Q, G]} in row-major order
   * @param candidates G
   * @param relevant per query the right candidates, at least one each, 0 to G - 1
   * @throws IllegalArgumentException if the sizes do not fit or a candidate is out of range
   */
  public void add(float[] similarities, int candidates, int[][] relevant) {
    hits.add(Ranks.best(similarities, candidates, relevant));
  }

  /**
   * @return number of queries added
   */
  public long count() {
    return hits.count();
  }

  /**
   * @param k one of the constructor's
   * @return hits / queries, 0 to 1; NaN before the first query
   * @throws IllegalArgumentException if {@code k} was not asked for
   */
  public double recall(int k) {
    return hits.share(k);
  }
}
