package org.samclip.train.report;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.samclip.eval.metric.ImageScores;

/**
 * One row of a run with what it is made of: the scores of every image.
 *
 * @param model name of the row
 * @param run name of the recipe
 * @param recipe hash of the recipe whatever its seed; rows of one name that agree in it differ by
 *     their seeds only
 * @param seed of the run
 * @param metrics by name, those that were measured
 * @param shown where each of them is shown
 */
public record RowScores(
    String model,
    String run,
    String recipe,
    long seed,
    Map<String, ImageScores> metrics,
    Map<String, Column.Shown> shown) {

  /**
   * Copies the maps in their order.
   *
   * @throws IllegalArgumentException if it is not said of a metric where it is shown
   */
  public RowScores {
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
    Map<String, Column.Shown> own = new LinkedHashMap<>();
    for (String metric : metrics.keySet()) {
      if (shown.get(metric) == null) {
        throw new IllegalArgumentException(model + ": " + metric + " has no place in tables");
      }
      own.put(metric, shown.get(metric));
    }
    shown = Collections.unmodifiableMap(own);
  }

  /**
   * Metrics that are shown everywhere.
   *
   * @param model name of the row
   * @param run name of the recipe
   * @param recipe hash of the recipe whatever its seed
   * @param seed of the run
   * @param metrics by name, those that were measured
   */
  public RowScores(
      String model, String run, String recipe, long seed, Map<String, ImageScores> metrics) {
    this(model, run, recipe, seed, metrics, allMain(metrics));
  }

  private static Map<String, Column.Shown> allMain(Map<String, ImageScores> metrics) {
    Map<String, Column.Shown> shown = new LinkedHashMap<>();
    metrics.keySet().forEach(name -> shown.put(name, Column.Shown.MAIN));
    return shown;
  }
}
