package org.samclip.train.plan;

import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.samclip.UserError;
import org.samclip.model.VisionModel;
import org.samclip.student.Student;
import org.samclip.train.feed.DataFiles;
import org.samclip.train.feed.Prefetch;
import org.samclip.train.feed.Viewer;
import org.samclip.train.objective.Feeds;
import org.samclip.train.recipe.DataSpec;
import org.samclip.train.recipe.FeedSpec;
import org.samclip.train.recipe.StageSpec;

/**
 * Java's heap that a stage takes, from sizes alone. Tensors live outside it. What batches take is
 * certain, as they are the images at the size that the networks see; what is decoded ahead depends
 * on the data's own sizes, and is what photos as large as SA-1B's would take.
 *
 * @param batches bytes of all batches that exist at a time
 * @param decoded bytes of images that were decoded ahead or are being decoded
 */
public record HeapNeed(long batches, long decoded) {

  /** What a run takes beside the two: classes, listings, a vocabulary. */
  private static final long OTHERS = 128L << 20;

  private static final double GIB = 1 << 30;

  private static final int CHANNELS = 3;

  /** SA-1B's images are 1500 pixels high, most of them 2250 wide. */
  private static final long PHOTO = CHANNELS * 1500L * 2250;

  /** The decoder's own image and the one that it gives. */
  private static final int WHILE_DECODED = 2;

  /**
   * @param stage of a recipe
   * @param student that it trains
   * @param teachers by name
   * @param data of the recipe
   * @return what it takes
   */
  public static HeapNeed of(
      StageSpec stage, Student student, Map<String, VisionModel> teachers, DataSpec data) {
    long batches = 0;
    long decoded = 0;
    for (FeedSpec feed : stage.feeds().values()) {
      List<Viewer> viewers = Feeds.viewers(feed, student, teachers);
      long[] sizes =
          feed.resolutions().stream()
              .mapToLong(side -> feed.batches().batchFor(side) * image(feed, side, viewers))
              .toArray();
      batches +=
          feed.draw() == FeedSpec.Draw.ALL
              ? Prefetch.mostBytes(LongStream.of(sizes).sum())
              : Prefetch.mostBytes(sizes);
      boolean scenes = !data.sources().containsKey(feed.data());
      long image = scenes ? pixels(data.scenes().size()) : PHOTO;
      long images = DataFiles.decodedAhead(data.workers()) + WHILE_DECODED * (long) data.workers();
      decoded += images * image;
    }
    return new HeapNeed(batches, decoded);
  }

  /**
   * An image at all sides at which it is seen. Equal ones are one, unless each network sees it
   * moved by itself.
   */
  private static long image(FeedSpec feed, int side, List<Viewer> viewers) {
    Stream<Seen> seen =
        viewers.stream().map(viewer -> new Seen(viewer.imageSide(side), viewer.mosaic()));
    return (feed.shift() > 0 ? seen : seen.distinct()).mapToLong(s -> pixels(s.side)).sum();
  }

  private record Seen(int side, boolean mosaic) {}

  private static long pixels(int side) {
    return CHANNELS * (long) side * side;
  }

  /**
   * @param other of another stage
   * @return the larger of both in each part
   */
  public HeapNeed or(HeapNeed other) {
    return new HeapNeed(Math.max(batches, other.batches), Math.max(decoded, other.decoded));
  }

  /**
   * @return all of it
   */
  public long bytes() {
    return batches + decoded + OTHERS;
  }

  /**
   * @param key of the stage in the recipe
   * @param heap what Java may take, bytes
   * @throws UserError if the batches cannot fit, whatever the data
   */
  public void requireFit(String key, long heap) {
    if (batches + OTHERS > heap) {
      throw new UserError(
          key
              + ": its batches take "
              + megabytes(batches)
              + " of Java's heap, which is limited to "
              + megabytes(heap)
              + "; run with SAMCLIP_JAVA_OPTS=-Xmx"
              + (long) Math.ceil(bytes() / GIB)
              + "g, or lower batch_size in its feeds");
    }
  }

  private static String megabytes(long bytes) {
    return Math.round(bytes / 1e6) + " MB";
  }
}
