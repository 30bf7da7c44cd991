package org.samclip.train.report;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samclip.eval.metric.Measurement;

/**
 * A row of a {@link Comparison}.
 *
 * @param model what the comparison calls it: the row, behind {@code RUN/} if there are several
 *     recipes
 * @param seeds of the runs it was measured in
 * @param metrics by name, those that every one of these runs has measured
 */
public record ComparedRow(String model, List<Long> seeds, Map<String, Cell> metrics) {

  /** Copies the map in its order. */
  public ComparedRow {
    seeds = List.copyOf(seeds);
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
  }

  /**
   * One metric of one row.
   *
   * @param value the mean of the metric over the seeds; its interval is over images: each draw of
   *     images serves all seeds, and the mean over the seeds is computed on it
   * @param spread standard deviation of the metric over the seeds, with one degree of freedom less
   *     than seeds; null for a single seed. It says what another seed would do, the interval does
   *     not
   * @param difference the mean over this row's seeds - the mean over the reference's seeds; its
   *     interval is paired: each draw of images serves all seeds of both. Null for the reference
   *     itself and where it lacks the metric
   */
  public record Cell(Measurement value, Double spread, Measurement difference) {}
}
