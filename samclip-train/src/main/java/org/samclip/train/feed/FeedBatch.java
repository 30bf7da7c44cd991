package org.samclip.train.feed;

import java.util.List;
import java.util.Map;
import org.samclip.data.replay.Position;

/**
 * What a feed gives a step.
 *
 * @param batches one for each resolution that the step sees
 * @param mix samples of all ranks by the name of their source, those passed over included; empty
 *     where there is only one
 * @param after the stream's position behind this batch, for a checkpoint
 */
public record FeedBatch(List<ImageBatch> batches, Map<String, Long> mix, Position after)
    implements Batch {

  @Override
  public long bytes() {
    return batches.stream().mapToLong(ImageBatch::bytes).sum();
  }

  /**
   * @return number of images
   */
  public int images() {
    return batches.stream().mapToInt(batch -> batch.student().count()).sum();
  }

  /**
   * @return number of images that all ranks see in this step
   */
  public int imagesOfAllRanks() {
    return batches.stream().mapToInt(batch -> batch.share().all()).sum();
  }

  /**
   * @return samples that could not be used, on all ranks
   */
  public int passedOver() {
    return batches.stream().mapToInt(ImageBatch::passedOver).sum();
  }
}
