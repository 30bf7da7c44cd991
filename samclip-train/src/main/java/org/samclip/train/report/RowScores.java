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
 */
public record RowScores(
    String model, String run, String recipe, long seed, Map<String, ImageScores> metrics) {

  /** Copies the map in its order. */
  public RowScores {
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
  }
}
