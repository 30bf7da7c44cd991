package org.samclip.train.feed;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.function.LongFunction;

/**
 * Makes the batches of coming steps on a thread of its own, in order, at most two ahead. Behind a
 * large one that waits no further one is begun, so that the heap holds two of them: one in work and
 * one that waits or is being made.
 *
 * @param <T> a batch
 */
public final class Prefetch<T extends Batch> implements AutoCloseable {

  /** Bytes from which a batch is large. */
  public static final long LARGE = 128L << 20;

  private static final int AHEAD = 2;

  /** A batch, or why there is none. */
  private record Made<T>(T batch, Throwable failure) {}

  private final Queue<Made<T>> waiting = new ArrayDeque<>();
  private final Thread thread;
  private long waitedNanos;
  private long left;
  private Throwable failure;
  private boolean closed;

  /**
   * @param name of the thread
   * @param maker makes the batch of a step; called for one step after the other
   * @param firstStep where to begin
   * @param endStep where to end, exclusive
   */
  public Prefetch(String name, LongFunction<T> maker, long firstStep, long endStep) {
    left = endStep - firstStep;
    thread = new Thread(() -> run(maker, firstStep, endStep), name);
    thread.setDaemon(true);
    thread.start();
  }

  private void run(LongFunction<T> maker, long firstStep, long endStep) {
    try {
      long step = firstStep;
      // No local variable outlives a round: it would keep a batch that the reader is done with.
      while (step < endStep && awaitRoom() && add(make(maker, step))) {
        step++;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed: nobody waits any more
    }
  }

  private static <T> Made<T> make(LongFunction<T> maker, long step) {
    try {
      return new Made<>(maker.apply(step), null);
    } catch (RuntimeException | Error e) {
      return new Made<>(null, e);
    }
  }

  /** Returns when a batch may be begun: true, or false once closed. */
  private synchronized boolean awaitRoom() throws InterruptedException {
    while (!closed && !hasRoom()) {
      wait();
    }
    return !closed;
  }

  private boolean hasRoom() {
    return waiting.size() < AHEAD && waiting.stream().allMatch(made -> made.batch.bytes() < LARGE);
  }

  /** Returns whether more is to be made. */
  private synchronized boolean add(Made<T> made) {
    waiting.add(made);
    notifyAll();
    return made.failure == null;
  }

  /**
   * @return the next step's batch
   * @throws IllegalStateException behind the last step
   * @throws RuntimeException what the maker threw, again at every further call
   */
  public T next() {
    if (failure == null) {
      Made<T> made = take();
      if (made.failure == null) {
        return made.batch;
      }
      failure = made.failure;
    }
    if (failure instanceof Error e) {
      throw e;
    }
    throw (RuntimeException) failure;
  }

  private synchronized Made<T> take() {
    if (left <= 0) {
      throw new IllegalStateException(thread.getName() + ": no batch behind the last step");
    }
    long start = System.nanoTime();
    try {
      while (waiting.isEmpty()) {
        wait();
      }
      left--;
      notifyAll();
      return waiting.remove();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for data", e);
    } finally {
      waitedNanos += System.nanoTime() - start;
    }
  }

  /**
   * @return seconds that the training thread has waited for data
   */
  public double waitedSeconds() {
    return waitedNanos / 1e9;
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * The most heap that batches of one stream take at a time: one in work, one being made, and one
   * that waits, if it is small.
   *
   * @param sizes bytes of each kind of batch
   * @return bytes
   */
  public static long mostBytes(long... sizes) {
    long most = 0;
    long small = 0;
    for (long size : sizes) {
      most = Math.max(most, size);
      small = size < LARGE ? Math.max(small, size) : small;
    }
    return 2 * most + small;
  }
}
