package org.samclip.train.objective;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samclip.train.rank.Ranks;

/** The losses of a feed's objectives, added up on the device and read from it once. */
final class LossSums implements AutoCloseable {

  private final List<Objective> objectives;
  private final NDManager manager;
  private final Ranks ranks;
  private final Map<String, NDArray> sums = new LinkedHashMap<>();

  /**
   * @param objectives whose losses
   * @param parent on the models' device
   * @param ranks each of which adds its share
   */
  LossSums(List<Objective> objectives, NDManager parent, Ranks ranks) {
    this.objectives = objectives;
    this.ranks = ranks;
    this.manager = parent.newSubManager();
    for (Objective objective : objectives) {
      NDArray zeros = manager.zeros(new Shape(objective.terms().size()));
      NDScope.unregister(zeros);
      sums.put(objective.name(), zeros);
    }
  }

  NDArray of(Objective objective) {
    return sums.get(objective.name());
  }

  /**
   * Waits for the device and the other ranks.
   *
   * @return each objective's loss by its name and, where it has several terms, these as {@code
   *     NAME_TERM}
   */
  Map<String, Double> read() {
    float[] all;
    try (NDArray together = NDArrays.concat(new NDList(sums.values()))) {
      ranks.sum(List.of(together));
      all = together.toFloatArray();
    }
    Map<String, Double> losses = new LinkedHashMap<>();
    int at = 0;
    for (Objective objective : objectives) {
      Map<String, Double> terms = new LinkedHashMap<>();
      double total = 0;
      for (String term : objective.terms()) {
        total += all[at];
        terms.put(objective.name() + "_" + term, (double) all[at++]);
      }
      losses.put(objective.name(), total);
      if (terms.size() > 1) {
        losses.putAll(terms);
      }
    }
    return losses;
  }

  @Override
  public void close() {
    manager.close();
  }
}
