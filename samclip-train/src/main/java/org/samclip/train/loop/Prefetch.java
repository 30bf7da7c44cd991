package org.samclip.train.loop;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.LongFunction;

/**
 * Makes the batches of coming steps on a thread of its own, a few ahead, in order.
 *
 * @param <T> a batch
 */
public final class Prefetch<T> implements AutoCloseable {

  /** A batch, or why there is none. */
  private record Made<T>(T batch, Throwable failure) {}

  private final BlockingQueue<Made<T>> queue;
  private final Thread thread;
  private long waitedNanos;
  private long left;
  private Throwable failure;
  private volatile boolean closed;

  /**
   * @param name of the thread
   * @param maker makes the batch of a step; called for one step after the other
   * @param firstStep where to begin
   * @param endStep where to end, exclusive
   * @param ahead how many batches may wait
   */
  public Prefetch(String name, LongFunction<T> maker, long firstStep, long endStep, int ahead) {
    queue = new ArrayBlockingQueue<>(ahead);
    left = endStep - firstStep;
    thread = new Thread(() -> run(maker, firstStep, endStep), name);
    thread.setDaemon(true);
    thread.start();
  }

  private void run(LongFunction<T> maker, long firstStep, long endStep) {
    try {
      for (long step = firstStep; step < endStep && !closed; step++) {
        Made<T> made;
        try {
          made = new Made<>(maker.apply(step), null);
        } catch (RuntimeException | Error e) {
          made = new Made<>(null, e);
        }
        queue.put(made);
        if (made.failure != null) {
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed: nobody waits any more
    }
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

  private Made<T> take() {
    if (left <= 0) {
      throw new IllegalStateException(thread.getName() + ": no batch behind the last step");
    }
    long start = System.nanoTime();
    try {
      Made<T> made = queue.take();
      left--;
      return made;
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
    closed = true;
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
