package org.samclip.data.replay;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Threads with names that never keep the process alive, and what their failures become. */
final class Workers {

  private Workers() {}

  static ExecutorService pool(String name, int threads) {
    AtomicInteger number = new AtomicInteger();
    return Executors.newFixedThreadPool(
        threads,
        task -> {
          Thread thread = new Thread(task, name + "-" + number.getAndIncrement());
          thread.setDaemon(true);
          return thread;
        });
  }

  /** Runs all tasks and gives their results in order; the first failure ends the rest. */
  static <T> List<T> all(String name, int threads, List<Callable<T>> tasks) {
    ExecutorService pool = pool(name, threads);
    try {
      List<Future<T>> futures = new ArrayList<>(tasks.size());
      tasks.forEach(task -> futures.add(pool.submit(task)));
      List<T> results = new ArrayList<>(tasks.size());
      for (Future<T> future : futures) {
        results.add(result(future));
      }
      return results;
    } finally {
      pool.shutdownNow();
    }
  }

  /** The result, or the task's own unchecked failure. */
  static <T> T result(Future<T> future) {
    try {
      return future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException unchecked) {
        throw unchecked;
      }
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while waiting for data");
    }
  }
}
