package org.samclip.train.rank;

import ai.djl.ndarray.NDArray;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samclip.data.replay.Rank;

/**
 * The processes that train one model together, each on its share of every batch, seen from one of
 * them. All of them make the same calls in the same order, on their training thread; each call
 * waits for the others. An implementation must end that wait with an exception where another rank
 * has failed.
 */
public interface Ranks {

  /**
   * @return which one this is, from 0
   */
  int index();

  /**
   * @return how many there are, at least 1
   */
  int count();

  /**
   * Adds up arrays over all ranks, in place. Every rank gets the same bits, and every array is
   * written to, also where it stays the same: {@code AdamW} tells by that what has a gradient.
   *
   * @param arrays as many, of the same shapes and in the same order on every rank
   */
  void sum(List<NDArray> arrays);

  /**
   * Adds up numbers over all ranks, in place; every rank gets the same bits.
   *
   * @param numbers as many on every rank
   */
  void sum(double[] numbers);

  /**
   * @param mine what this rank says
   * @return whether any rank says yes
   */
  default boolean agree(boolean mine) {
    double[] yes = {mine ? 1 : 0};
    sum(yes);
    return yes[0] > 0;
  }

  /** Waits for all ranks: what any of them wrote before, all can read behind it. */
  default void meet() {
    agree(false);
  }

  /**
   * @return whether this one writes checkpoints, metrics and results: the first does
   */
  default boolean writes() {
    return index() == 0;
  }

  /**
   * @return its share of the data
   */
  default Rank rank() {
    return new Rank(index(), count());
  }

  /**
   * @param folder of all ranks
   * @return where this one alone writes
   */
  default Path own(Path folder) {
    return count() == 1 ? folder : folder.resolve("rank-" + index());
  }

  /**
   * What the writer has measured, so that all ranks decide alike.
   *
   * @param values by name; the same names in the same order on every rank
   * @return the writer's
   */
  default Map<String, Double> ofWriter(Map<String, Double> values) {
    double[] numbers = new double[values.size()];
    if (writes()) {
      int at = 0;
      for (double value : values.values()) {
        numbers[at++] = value;
      }
    }
    sum(numbers);
    Map<String, Double> same = new LinkedHashMap<>();
    values.keySet().forEach(name -> same.put(name, numbers[same.size()]));
    return same;
  }
}
