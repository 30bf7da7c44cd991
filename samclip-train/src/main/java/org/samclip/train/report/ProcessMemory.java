package org.samclip.train.report;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Resident memory of this process, libtorch's included, as Linux tells it. */
public final class ProcessMemory {

  private static final Path STATUS = Path.of("/proc/self/status");

  private ProcessMemory() {}

  /**
   * @return megabytes of 10^6 bytes resident now; null where the system does not say it, as outside
   *     Linux
   */
  public static Double megabytes() {
    return read("VmRSS:");
  }

  /**
   * @return the most megabytes of 10^6 bytes resident so far; null where the system does not say it
   */
  public static Double peakMegabytes() {
    return read("VmHWM:");
  }

  private static Double read(String field) {
    if (!Files.exists(STATUS)) {
      return null;
    }
    try {
      return Files.readAllLines(STATUS).stream()
          .filter(line -> line.startsWith(field))
          .map(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024 / 1e6)
          .findFirst()
          .orElse(null);
    } catch (IOException e) {
      throw new UncheckedIOException(STATUS + " cannot be read", e);
    }
  }
}
