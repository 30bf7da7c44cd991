package org.samclip.train.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The most memory this process has had resident so far. */
final class PeakMemory {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String PEAK = "VmHWM:";

  private PeakMemory() {}

  /**
   * @return megabytes of 10^6 bytes; null where the system does not say it, as outside Linux
   */
  static Double megabytes() {
    if (!Files.exists(STATUS)) {
      return null;
    }
    try {
      return Files.readAllLines(STATUS).stream()
          .filter(line -> line.startsWith(PEAK))
          .map(line -> Long.parseLong(line.replaceAll("\\D", "")) * 1024 / 1e6)
          .findFirst()
          .orElse(null);
    } catch (IOException e) {
      throw new UncheckedIOException(STATUS + " cannot be read", e);
    }
  }
}
