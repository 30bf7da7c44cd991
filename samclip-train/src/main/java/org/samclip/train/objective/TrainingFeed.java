package org.samclip.train.objective;

import java.util.Map;
import java.util.function.Supplier;
import org.samclip.data.replay.Position;
import org.samclip.kernel.Autograd;

/**
 * Data with what is learned from it. A step runs every feed in turn, so that gradients accumulate,
 * and then makes one update.
 */
public interface TrainingFeed extends AutoCloseable {

  /**
   * What a step's batch gave.
   *
   * @param losses by name, before weighting; terms of one, as they stand in its sum, as {@code
   *     NAME_TERM}; those of all ranks together. Asking waits for the device and the other ranks,
   *     so it is done once, when all feeds have run
   * @param images in the batch, those of other ranks included
   * @param mix samples by the name of their source; empty where there is only one
   * @param passedOver samples that could not be used
   */
  record Outcome(
      Supplier<Map<String, Double>> losses, int images, Map<String, Long> mix, int passedOver) {}

  /**
   * @return its name, which tells its numbers apart from those of other feeds
   */
  String name();

  /**
   * Adds the weighted gradients of this step's batch to those of the parameters. Of several ranks
   * each adds those of its share, as parts of the mean over all ranks' images.
   *
   * @param step from 0
   * @param on recording of gradients
   * @return what it gave
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
