package org.samclip.train.objective;

import java.util.Map;
import org.samclip.data.replay.Position;
import org.samclip.kernel.Autograd;

/**
 * One loss with the data that feeds it. A step runs every objective in turn, so that gradients
 * accumulate, and then makes one update (recipe: losses).
 */
public interface Objective extends AutoCloseable {

  /**
   * What a step's batch gave.
   *
   * @param parts losses by name, before weighting; terms of one, as they stand in its sum, as
   *     {@code NAME_TERM}
   * @param images in the batch
   * @param mix samples by the name of their source; empty where there is only one
   * @param passedOver samples that could not be used
   */
  record Outcome(Map<String, Double> parts, int images, Map<String, Long> mix, int passedOver) {

    /**
     * Of a single source, of which all could be used.
     *
     * @param parts losses by name, before weighting
     * @param images in the batch
     */
    public Outcome(Map<String, Double> parts, int images) {
      this(parts, images, Map.of(), 0);
    }
  }

  /**
   * @return the name of the data that feeds it, {@code clip} or {@code sam}
   */
  String source();

  /**
   * Adds the weighted gradients of this step's batch to those of the parameters.
   *
   * @param step from 0
   * @param on recording of gradients
   * @return the losses
   */
  Outcome backward(long step, Autograd on);

  /**
   * @return the stream's position behind the last batch, from which a resumed run goes on
   */
  Position position();

  /**
   * @return seconds spent waiting for data
   */
  double waitedSeconds();

  @Override
  void close();
}
