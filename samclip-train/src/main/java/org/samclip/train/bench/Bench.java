package org.samclip.train.bench;

import ai.djl.Device;
import java.util.Arrays;
import org.samclip.UserError;
import org.samclip.kernel.LibTorch;
import org.samclip.train.plan.MatmulRate;
import org.samclip.train.report.ProcessMemory;

/**
 * Measures works on this machine's CPU.
 *
 * @param warmUp runs that are not measured; the first of a process also sets memory and threads up
 * @param repeats measured runs
 * @param threads of one operation
 */
public record Bench(int warmUp, int repeats, int threads) {

  private static final int MOST = 100_000;
  private static final int MOST_THREADS = 1024;

  /** Checks the ranges. */
  public Bench {
    check("--warm-up", warmUp, 0, MOST);
    check("--repeats", repeats, 1, MOST);
    check("--threads", threads, 1, MOST_THREADS);
  }

  static void check(String option, int value, int least, int most) {
    if (value < least || value > most) {
      throw new UserError(option + " " + value + ": allowed: " + least + ".." + most);
    }
  }

  /**
   * Makes a work ready, warms up and measures it. The peak memory is that of the process: measure
   * works in processes of their own to compare it.
   *
   * @param work what to measure
   * @param setting of what sizes
   * @return what was measured
   */
  public BenchRow measure(BenchWork work, BenchSetting setting) {
    LibTorch.setThreads(threads);
    try (Work open = work.open(setting)) {
      for (int i = 0; i < warmUp; i++) {
        open.run();
      }
      double before = open.operations() > 0 ? MatmulRate.measure(Device.cpu()) : 0;
      double[] seconds = new double[repeats];
      for (int i = 0; i < repeats; i++) {
        long start = System.nanoTime();
        open.run();
        seconds[i] = (System.nanoTime() - start) / 1e9;
      }
      Double peak = ProcessMemory.peakMegabytes();
      // The faster of two readings is the one that other programs disturbed less.
      double rate = before == 0 ? 0 : Math.max(before, MatmulRate.measure(Device.cpu()));
      return row(work, setting, open, seconds, peak, rate);
    }
  }

  private BenchRow row(
      BenchWork work, BenchSetting setting, Work open, double[] seconds, Double peak, double rate) {
    Arrays.sort(seconds);
    double median = median(seconds);
    double operations = open.operations();
    return new BenchRow(
        work.label(),
        setting.preset().label(),
        setting.side(),
        setting.images(),
        setting.prompts(),
        setting.clipBatch(),
        setting.checkpointActivations(),
        threads,
        warmUp,
        repeats,
        seconds[0],
        median,
        seconds[repeats - 1],
        peak,
        positive(operations / 1e9),
        positive(operations / 1e9 / median),
        positive(rate / 1e9),
        rate == 0 ? null : positive(operations / median / rate),
        positive(open.images() / median),
        positive(open.bytes() / 1e9 / median));
  }

  private static Double positive(double value) {
    return value > 0 ? value : null;
  }

  /**
   * @param sorted in rising order, at least one
   * @return the middle one, or the mean of the two in the middle
   */
  static double median(double[] sorted) {
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }
}
