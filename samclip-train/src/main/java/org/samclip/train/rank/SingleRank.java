package org.samclip.train.rank;

import ai.djl.ndarray.NDArray;
import java.util.List;

/** A process of its own: its sums are what it has. */
public enum SingleRank implements Ranks {
  /** The only one. */
  ONLY;

  @Override
  public int index() {
    return 0;
  }

  @Override
  public int count() {
    return 1;
  }

  @Override
  public void sum(List<NDArray> arrays) {}

  @Override
  public void sum(double[] numbers) {}
}
