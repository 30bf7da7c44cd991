package org.samclip.train.objective;

import org.samclip.data.replay.Position;
import org.samclip.data.replay.ReplayStream;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.FeedBatch;
import org.samclip.train.feed.Prefetch;
import org.samclip.train.feed.Span;

/** A feed whose batches are made ahead on another thread. */
abstract class PrefetchedFeed implements TrainingFeed {

  private final String name;
  private final ReplayStream stream;
  private final Prefetch<FeedBatch> prefetch;
  private Position position;

  /**
   * @param feed what is read
   */
  PrefetchedFeed(Feed feed) {
    this.name = feed.name();
    this.stream = feed.stream();
    this.position = stream.position();
    Span span = feed.span();
    this.prefetch = new Prefetch<>("batches-" + name, feed.batches(), span.first(), span.end());
  }

  /** The next batch in order. */
  final FeedBatch nextBatch() {
    FeedBatch batch = prefetch.next();
    position = batch.after();
    return batch;
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final Position position() {
    return position;
  }

  @Override
  public final double waitedSeconds() {
    return prefetch.waitedSeconds();
  }

  @Override
  public void close() {
    prefetch.close();
    stream.close();
  }
}
