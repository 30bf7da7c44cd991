package org.samclip.data.prepare;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Makes items with many threads and hands them on, in order, in the thread that asked. */
public final class OrderedWork implements AutoCloseable {

  /**
   * Makes one item, on any thread.
   *
   * @param <T> an item
   */
  @FunctionalInterface
  public interface Maker<T> {

    /**
     * @param index from 0
     * @return the item
     * @throws IOException if the disk refuses
     */
    T make(int index) throws IOException;
  }

  /**
   * Takes the items in order.
   *
   * @param <T> an item
   */
  @FunctionalInterface
  public interface Taker<T> {

    /**
     * @param index from 0
     * @param item made for it
     * @throws IOException if the disk refuses
     */
    void take(int index, T item) throws IOException;
  }

  /** Finished items that may wait for an earlier one, for each thread: bounds the memory. */
  private static final int AHEAD = 16;

  private final int threads;
  private final ExecutorService pool;

  /**
   * @param threads at least 1
   */
  public OrderedWork(int threads) {
    this.threads = threads;
    this.pool =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task, "ordered-work");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Makes and hands on; returns when the last item is taken.
   *
   * @param count of items
   * @param maker makes them
   * @param taker takes them, in the calling thread
   * @param <T> an item
   * @throws IOException what maker or taker throw
   */
  public <T> void run(int count, Maker<T> maker, Taker<T> taker) throws IOException {
    ArrayDeque<Future<T>> ahead = new ArrayDeque<>();
    int next = 0;
    for (int index = 0; index < count; index++) {
      while (next < count && ahead.size() < AHEAD * threads) {
        int number = next++;
        ahead.add(pool.submit(() -> maker.make(number)));
      }
      taker.take(index, result(ahead.remove()));
    }
  }

  private static <T> T result(Future<T> future) throws IOException {
    try {
      return future.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted = new InterruptedIOException("stopped while writing");
      interrupted.initCause(e);
      throw interrupted;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw new IOException(io.getMessage(), io);
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Stops the threads and waits for what they are at, so that nothing is written later. */
  @Override
  public void close() {
    pool.shutdownNow();
    boolean interrupted = false;
    boolean ended = false;
    while (!ended) {
      try {
        ended = pool.awaitTermination(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
