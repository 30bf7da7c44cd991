package org.samclip.train.objective;

import org.samclip.data.replay.Position;
import org.samclip.data.replay.ReplayStream;
import org.samclip.train.feed.Batch;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.Prefetch;
import org.samclip.train.feed.Span;

/**
 * An objective whose batches are made ahead on another thread.
 *
 * @param <T> a batch
 */
abstract class PrefetchedObjective<T extends Batch> implements Objective {

  private final ReplayStream stream;
  private final Prefetch<T> prefetch;
  private Position position = Position.START;

  /**
   * @param name of the thread
   * @param feed what is read
   */
  PrefetchedObjective(String name, Feed<T> feed) {
    this.stream = feed.stream();
    this.position = stream.position();
    Span span = feed.span();
    this.prefetch = new Prefetch<>(name, feed.batches(), span.first(), span.end());
  }

  /** The next batch in order. */
  final T nextBatch() {
    T batch = prefetch.next();
    position = after(batch);
    return batch;
  }

  /** The stream's position behind a batch. */
  abstract Position after(T batch);

  @Override
  public final Position position() {
    return position;
  }

  @Override
  public final double waitedSeconds() {
    return prefetch.waitedSeconds();
  }

  @Override
  public final void close() {
    prefetch.close();
    stream.close();
  }
}
