package org.samclip.data.source;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;

/**
 * Hands the body of a web answer to a reading thread that does not wait for ever. A few buffers are
 * under way at most: a slow reader slows the sender.
 */
final class ByteQueue implements Flow.Subscriber<List<ByteBuffer>> {

  private static final int AHEAD = 4;

  /** Either bytes, or the end with or without a failure. */
  private record Piece(List<ByteBuffer> bytes, Throwable failure) {}

  /** Requested buffers and the end always find room. */
  private final BlockingQueue<Piece> pieces = new ArrayBlockingQueue<>(AHEAD + 2);

  private final Deque<ByteBuffer> taken = new ArrayDeque<>();
  private volatile Flow.Subscription subscription;

  @Override
  public void onSubscribe(Flow.Subscription started) {
    subscription = started;
    started.request(AHEAD);
  }

  @Override
  public void onNext(List<ByteBuffer> bytes) {
    pieces.offer(new Piece(bytes, null));
  }

  @Override
  public void onError(Throwable failure) {
    pieces.offer(new Piece(null, failure));
  }

  @Override
  public void onComplete() {
    pieces.offer(new Piece(null, null));
  }

  /**
   * The next bytes, or null at the end.
   *
   * @throws IOException if the connection breaks or nothing comes in time
   */
  ByteBuffer take(Duration patience) throws IOException {
    while (taken.isEmpty()) {
      Piece piece;
      try {
        piece = pieces.poll(patience.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while reading");
      }
      if (piece == null) {
        throw new IOException("no byte for " + patience.toMillis() + " ms");
      }
      if (piece.failure() != null) {
        throw new IOException(String.valueOf(piece.failure().getMessage()), piece.failure());
      }
      if (piece.bytes() == null) {
        return null;
      }
      subscription.request(1);
      taken.addAll(piece.bytes());
    }
    return taken.remove();
  }

  void cancel() {
    Flow.Subscription started = subscription;
    if (started != null) {
      started.cancel();
    }
    pieces.clear();
    taken.clear();
  }
}
