package org.samclip.train.plan;

import java.util.stream.LongStream;
import org.samclip.UserError;
import org.samclip.train.feed.DataFiles;
import org.samclip.train.feed.Prefetch;
import org.samclip.train.recipe.DataSpec;
import org.samclip.train.recipe.SourcesSpec.ClipSourceSpec;
import org.samclip.train.recipe.SourcesSpec.SamSourceSpec;
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
   * @param teacherSide the CLIP teacher's resolution in pixels
   * @param data of the recipe
   * @return what it takes
   */
  public static HeapNeed of(StageSpec stage, int teacherSide, DataSpec data) {
    long batches = 0;
    int sources = 0;
    ClipSourceSpec clip = stage.sources().clip();
    if (clip != null) {
      sources++;
      LongStream sizes =
          clip.resolutions().stream()
              .mapToLong(side -> clip.batches().batchFor(side) * clipImage(side, teacherSide));
      batches += Prefetch.mostBytes(sizes.toArray());
    }
    SamSourceSpec sam = stage.sources().sam();
    if (sam != null) {
      sources++;
      batches += Prefetch.mostBytes(sam.batchSize() * pixels(sam.resolution()));
    }
    long image = data.scenes() == null ? PHOTO : pixels(data.scenes().size());
    long images = DataFiles.decodedAhead(data.workers()) + WHILE_DECODED * (long) data.workers();
    return new HeapNeed(batches, sources * images * image);
  }

  private static long clipImage(int side, int teacherSide) {
    return pixels(side) + (side == teacherSide ? 0 : pixels(teacherSide));
  }

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
              + "g, or lower sources.clip.batch_size or sources.sam.batch_size");
    }
  }

  private static String megabytes(long bytes) {
    return Math.round(bytes / 1e6) + " MB";
  }
}
