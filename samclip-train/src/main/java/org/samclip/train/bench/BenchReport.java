package org.samclip.train.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Rows and the machine they were measured on.
 *
 * @param machine system, processor and its cores
 * @param rows one for each work
 */
public record BenchReport(String machine, List<BenchRow> rows) {

  private static final Path CPUS = Path.of("/proc/cpuinfo");
  private static final String MODEL = "model name";

  /**
   * @param rows one for each work
   * @return the report of this machine
   */
  public static BenchReport here(List<BenchRow> rows) {
    String machine =
        "%s %s, %s%d cores, Java %s"
            .formatted(
                System.getProperty("os.name"),
                System.getProperty("os.arch"),
                processor(),
                Runtime.getRuntime().availableProcessors(),
                System.getProperty("java.version"));
    return new BenchReport(machine, rows);
  }

  private static String processor() {
    if (!Files.exists(CPUS)) {
      return "";
    }
    try {
      return Files.readAllLines(CPUS).stream()
          .filter(line -> line.startsWith(MODEL))
          .map(line -> line.substring(line.indexOf(':') + 1).strip() + ", ")
          .findFirst()
          .orElse("");
    } catch (IOException e) {
      throw new UncheckedIOException(CPUS + " cannot be read", e);
    }
  }

  /**
   * @return the columns' names, as wide as {@link #line}
   */
  public static String heading() {
    return "%-20s %9s %9s %9s %8s %9s %8s %7s %9s %6s"
        .formatted(
            "work",
            "median s",
            "min s",
            "max s",
            "peak MB",
            "GFLOP",
            "GFLOP/s",
            "matmul",
            "images/s",
            "GB/s");
  }

  /**
   * @param row of a work
   * @return it as a line of a table
   */
  public static String line(BenchRow row) {
    return "%-20s %9.4f %9.4f %9.4f %8s %9s %8s %7s %9s %6s"
        .formatted(
            row.work(),
            row.medianS(),
            row.minS(),
            row.maxS(),
            cell("%.0f", row.peakMb()),
            cell("%.2f", row.gflop()),
            cell("%.1f", row.gflopPerS()),
            row.matmulShare() == null ? "" : cell("%.0f %%", 100 * row.matmulShare()),
            cell("%.2f", row.imagesPerS()),
            cell("%.2f", row.gbPerS()));
  }

  private static String cell(String form, Double value) {
    return value == null ? "" : String.format(Locale.ROOT, form, value);
  }
}
