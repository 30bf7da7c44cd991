package org.samclip.train.rank;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.samclip.checkpoint.ParameterLoader;

/** Ranks that are threads of this process and meet at a barrier. */
public final class ThreadRanks implements Ranks {

  private static final int MOST_SECONDS = 60;

  /** What all of them see. */
  private static final class Table {
    final CyclicBarrier barrier;
    final Object[] brought;

    Table(int count) {
      barrier = new CyclicBarrier(count);
      brought = new Object[count];
    }
  }

  private final int index;
  private final Table table;

  private ThreadRanks(int index, Table table) {
    this.index = index;
    this.table = table;
  }

  /**
   * Does the same on all ranks at once; the first that fails ends the others.
   *
   * @param count how many
   * @param part what a rank does
   * @return what each gave
   */
  public static <T> List<T> run(int count, Function<Ranks, T> part) throws Exception {
    Table table = new Table(count);
    ExecutorService threads = Executors.newFixedThreadPool(count);
    List<Future<T>> parts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Ranks ranks = new ThreadRanks(i, table);
      parts.add(
          threads.submit(
              () -> {
                try {
                  return part.apply(ranks);
                } catch (RuntimeException | Error e) {
                  table.barrier.reset();
                  throw e;
                }
              }));
    }
    threads.shutdown();
    List<T> results = new ArrayList<>();
    ExecutionException failed = null;
    for (Future<T> one : parts) {
      try {
        results.add(one.get());
      } catch (ExecutionException e) {
        if (failed == null || failed.getCause().getCause() instanceof BrokenBarrierException) {
          failed = e;
        }
      }
    }
    if (failed != null) {
      throw failed;
    }
    return results;
  }

  @Override
  public int index() {
    return index;
  }

  @Override
  public int count() {
    return table.brought.length;
  }

  @Override
  public void sum(List<NDArray> arrays) {
    float[][] mine = arrays.stream().map(NDArray::toFloatArray).toArray(float[][]::new);
    List<float[][]> all = exchange(mine);
    for (int a = 0; a < mine.length; a++) {
      float[] total = new float[mine[a].length];
      for (float[][] of : all) {
        for (int i = 0; i < total.length; i++) {
          total[i] += of[a][i];
        }
      }
      try (NDManager local = arrays.get(a).getManager().newSubManager()) {
        ParameterLoader.copyInPlace(local.create(total, arrays.get(a).getShape()), arrays.get(a));
      }
    }
  }

  @Override
  public void sum(double[] numbers) {
    List<double[]> all = exchange(numbers.clone());
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = 0;
      for (double[] of : all) {
        numbers[i] += of[i];
      }
    }
  }

  @SuppressWarnings("unchecked") // all bring the same
  private <T> List<T> exchange(T mine) {
    table.brought[index] = mine;
    await();
    List<T> all = new ArrayList<>();
    for (Object one : table.brought) {
      all.add((T) one);
    }
    await(); // all have read before any brings something new
    return all;
  }

  private void await() {
    try {
      table.barrier.await(MOST_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
      throw new IllegalStateException("rank " + index + ": the others do not come", e);
    }
  }
}
