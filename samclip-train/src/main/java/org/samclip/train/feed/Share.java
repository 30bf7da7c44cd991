package org.samclip.train.feed;

import org.samclip.UserError;
import org.samclip.data.replay.Rank;

/**
 * The images of a batch that one rank sees. Every rank goes through the same samples, those that
 * are broken or cannot be used included, and so counts the same images; it makes its own of them
 * and lets the others go by. So the ranks together see what a single one would, and their streams
 * are at the same position behind every batch.
 *
 * @param from number of the first image
 * @param to behind the last one
 * @param all images in the batch of all ranks
 */
public record Share(int from, int to, int all) {

  /**
   * @param all images of a batch
   * @return all of them
   */
  public static Share whole(int all) {
    return new Share(0, all, all);
  }

  /**
   * @param rank whose
   * @param all images of a batch
   * @param together so many in a row stay on one rank; divides {@code all}
   * @return equal shares, up to one such row
   * @throws UserError if there is nothing for a rank to do
   */
  static Share of(Rank rank, int all, int together) {
    long rows = all / together;
    if (rows < rank.count()) {
      throw new UserError(
          "batch_size: a batch of "
              + all
              + " images"
              + (together > 1 ? " (" + together + " to a mosaic)" : "")
              + " cannot be shared by "
              + rank.count()
              + " ranks; each needs one at least");
    }
    int from = (int) (rows * rank.index() / rank.count()) * together;
    int to = (int) (rows * (rank.index() + 1) / rank.count()) * together;
    return new Share(from, rank.index() + 1 == rank.count() ? all : to, all);
  }

  /** How many they are. */
  int size() {
    return to - from;
  }

  /** Whether an image of the batch is one of them. */
  boolean has(int image) {
    return image >= from && image < to;
  }
}
