package org.samclip.train.feed;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import org.samclip.data.replay.Rank;
import org.samclip.data.replay.ReplayStream;
import org.samclip.train.recipe.AreaScaledBatch;
import org.samclip.train.recipe.AreaScaledBatch.Draw;
import org.samclip.train.recipe.FeedSpec;

/** Makes a feed's batch of a step: one of its resolutions, or all of them. */
public final class FeedBatches implements LongFunction<FeedBatch> {

  private final ReplayStream stream;
  private final AreaScaledBatch sizes;
  private final boolean all;
  private final long seed;
  private final BatchMaker maker;

  private FeedBatches(FeedSpec spec, ReplayStream stream, long seed, BatchMaker maker) {
    this.stream = stream;
    this.sizes = spec.batches();
    this.all = spec.draw() == FeedSpec.Draw.ALL;
    this.seed = seed;
    this.maker = maker;
  }

  /**
   * @param spec of the feed
   * @param stream of its data
   * @param viewers who see the images, the student first
   * @param seed of resolutions, crops and prompts
   * @return the feed's batches
   */
  public static FeedBatches of(
      FeedSpec spec, ReplayStream stream, List<Viewer> viewers, long seed) {
    return of(spec, stream, viewers, seed, Rank.ONLY);
  }

  /**
   * @param spec of the feed
   * @param stream of its data, on every rank all of them
   * @param viewers who see the images, the student first
   * @param seed of resolutions, crops and prompts
   * @param rank whose share of each batch is made
   * @return the feed's batches
   */
  public static FeedBatches of(
      FeedSpec spec, ReplayStream stream, List<Viewer> viewers, long seed, Rank rank) {
    BatchMaker maker =
        spec.padded()
            ? new PaddedMaker(spec, stream, viewers, false, seed, rank)
            : new CropMaker(spec, stream, viewers, seed, rank);
    return new FeedBatches(spec, stream, seed, maker);
  }

  /**
   * @param spec of a feed with prompts
   * @param stream of its data
   * @param viewer who sees the images
   * @param seed of the prompts
   * @return batches with their true masks
   */
  public static FeedBatches withTargets(
      FeedSpec spec, ReplayStream stream, Viewer viewer, long seed) {
    return new FeedBatches(
        spec, stream, seed, new PaddedMaker(spec, stream, List.of(viewer), true, seed, Rank.ONLY));
  }

  @Override
  public FeedBatch apply(long step) {
    Mix mix = new Mix(stream);
    List<Draw> draws =
        all
            ? sizes.resolutions().stream().map(r -> new Draw(r, sizes.batchFor(r))).toList()
            : List.of(sizes.at(seed, step));
    List<ImageBatch> batches = new ArrayList<>();
    for (Draw draw : draws) {
      batches.add(maker.of(step, draw));
    }
    return new FeedBatch(batches, mix.taken(), stream.position());
  }
}
