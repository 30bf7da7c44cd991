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
   */
  public T next() {
    long start = System.nanoTime();
    Made<T> made;
    try {
      made = queue.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while waiting for data", e);
    }
    waitedNanos += System.nanoTime() - start;
    if (made.failure instanceof RuntimeException e) {
      throw e;
    }
    if (made.failure instanceof Error e) {
      throw e;
    }
    return made.batch;
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
