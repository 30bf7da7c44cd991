package org.samclip.eval;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.source.EvaluationSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Walks through an evaluation set in batches, in order, so that memory holds one batch. Broken
 * samples are skipped, counted and logged once per cause.
 *
 * @param <T> a decoded sample
 */
public final class SampleBatches<T> {

  private static final Logger LOG = LoggerFactory.getLogger(SampleBatches.class);

  private final EvaluationSet<T> set;
  private final int batch;
  private final int wanted;
  private final Map<BrokenSampleException.Kind, Integer> broken =
      new EnumMap<>(BrokenSampleException.Kind.class);
  private int next;
  private int used;

  /**
   * @param set the samples
   * @param batch samples at once, at least 1
   * @param limit most samples to use; 0 means all. A smaller number is spread evenly over the set,
   *     which may be sorted by class
   */
  public SampleBatches(EvaluationSet<T> set, int batch, int limit) {
    if (batch < 1) {
      throw InvalidOption.value("batch", batch, "1 or more");
    }
    if (limit < 0) {
      throw InvalidOption.value("max_images", limit, "0 for all, or a number above");
    }
    this.set = set;
    this.batch = batch;
    this.wanted = limit == 0 ? set.size() : Math.min(limit, set.size());
  }

  /**
   * @return the next samples, at most as many as a batch; empty at the end
   */
  public List<T> next() {
    List<T> samples = new ArrayList<>();
    while (samples.size() < batch && next < wanted) {
      int index = (int) ((long) next++ * set.size() / wanted);
      try {
        samples.add(set.get(index));
      } catch (BrokenSampleException e) {
        if (broken.merge(e.kind(), 1, Integer::sum) == 1) {
          LOG.warn(
              "{}: a sample is skipped, as will be others like it: {}", set.name(), e.getMessage());
        }
      }
    }
    used += samples.size();
    return samples;
  }

  /**
   * What is done with a batch.
   *
   * @param <T> a decoded sample
   */
  @FunctionalInterface
  public interface Visitor<T> {

    /**
     * @param samples of the batch, at least one
     * @param images {@code [B, 3, S, S]} float32, of the same samples; closed afterwards with all
     *     that belongs to their manager
     */
    void onBatch(List<T> samples, NDArray images);
  }

  /**
   * Walks to the end.
   *
   * @param manager on the device of the model
   * @param side S in pixels
   * @param input makes the values {@code [3, S, S]} of a sample's image
   * @param visitor gets every batch
   */
  public void forEach(NDManager manager, int side, Function<T, float[]> input, Visitor<T> visitor) {
    for (List<T> batch = next(); !batch.isEmpty(); batch = next()) {
      try (NDManager step = manager.newSubManager()) {
        visitor.onBatch(batch, ImageBatch.of(step, batch.stream().map(input).toList(), side));
      }
    }
  }

  /**
   * @return number of samples handed out so far
   */
  public int used() {
    return used;
  }

  /**
   * @return number of broken samples met so far
   */
  public int skipped() {
    return broken.values().stream().mapToInt(Integer::intValue).sum();
  }

  /**
   * Refuses a result that is made of nothing.
   *
   * @param counted number of things measured
   * @param what they are called
   * @throws UserError if it is 0
   */
  public void requireSome(long counted, String what) {
    if (counted == 0) {
      throw new UserError(
          set.name()
              + ": no "
              + what
              + " to evaluate among "
              + wanted
              + " samples, of which "
              + skipped()
              + " are broken "
              + broken);
    }
  }
}
