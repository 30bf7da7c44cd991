package org.samclip.eval.protocol;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.samclip.eval.Answers;
import org.samclip.eval.SampleBatches;
import org.samclip.eval.metric.ImageScores;

/**
 * What a protocol found.
 *
 * @param metrics by {@link Metric#id}; those that do not apply are absent
 * @param counts what else there is to tell, by name: numbers of images, and how they were taken
 * @param classIou IoU of each class, null for one that does not occur; empty where there are none
 * @param answers of the model, if they were asked for and the protocol compares models
 */
public record ProtocolResult(
    Map<String, ImageScores> metrics,
    Map<String, Object> counts,
    Map<String, Double> classIou,
    Optional<Answers> answers) {

  /** Copies the maps in their order. */
  public ProtocolResult {
    metrics = Collections.unmodifiableMap(new LinkedHashMap<>(metrics));
    counts = Collections.unmodifiableMap(new LinkedHashMap<>(counts));
    classIou = Collections.unmodifiableMap(new LinkedHashMap<>(classIou));
  }

  /**
   * @param metrics by {@link Metric#id}
   * @param counts what else there is to tell
   */
  public ProtocolResult(Map<String, ImageScores> metrics, Map<String, Object> counts) {
    this(metrics, counts, Map.of(), Optional.empty());
  }

  /**
   * The counts that every protocol has.
   *
   * @param side S in pixels
   * @param batches that were walked through
   * @return {@code side}, {@code images}, {@code skipped_images}, to be added to
   */
  public static Map<String, Object> counts(int side, SampleBatches<?> batches) {
    return counts(side, batches.used(), batches.skipped());
  }

  static Map<String, Object> counts(int side, int images, int skipped) {
    Map<String, Object> counts = new LinkedHashMap<>();
    counts.put("side", side);
    counts.put("images", images);
    counts.put("skipped_images", skipped);
    return counts;
  }
}
