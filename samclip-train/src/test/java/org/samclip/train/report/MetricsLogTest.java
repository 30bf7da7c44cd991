package org.samclip.train.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsLogTest {

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void file() {
    file = folder.resolve("run").resolve("metrics.jsonl");
  }

  private void writeThree() {
    try (MetricsLog log = MetricsLog.open(file, 0)) {
      for (int step = 1; step <= 3; step++) {
        log.write(step, Map.of("loss", step / 2.0));
      }
    }
  }

  @Test
  void linesAreThereBeforeTheLogIsClosed() throws IOException {
    try (MetricsLog log = MetricsLog.open(file, 0)) {
      log.write(1, Map.of("stage", "probe"));
      assertEquals("{\"step\":1,\"stage\":\"probe\"}\n", Files.readString(file));
    }
  }

  @Test
  void resumingCutsOffLaterSteps() throws IOException {
    writeThree();
    try (MetricsLog log = MetricsLog.open(file, 2)) {
      log.write(3, Map.of("loss", 9));
    }
    assertEquals(
        List.of(
            "{\"step\":1,\"loss\":0.5}", "{\"step\":2,\"loss\":1.0}", "{\"step\":3,\"loss\":9}"),
        Files.readAllLines(file));
  }

  @Test
  void newRunStartsEmpty() throws IOException {
    writeThree();
    MetricsLog.open(file, 0).close();
    assertEquals("", Files.readString(file));
  }

  @Test
  void halfAndBrokenLinesAreCutOff() throws IOException {
    writeThree();
    Files.writeString(file, "{\"step\":4,\"lo", StandardOpenOption.APPEND);
    MetricsLog.open(file, 9).close();
    assertEquals(3, Files.readAllLines(file).size());
    Files.writeString(file, "{\"step\":4,\"lo\n{\"step\":5}\n", StandardOpenOption.APPEND);
    MetricsLog.open(file, 9).close();
    assertEquals(3, Files.readAllLines(file).size());
  }

  @Test
  void stepsGoForward() {
    try (MetricsLog log = MetricsLog.open(file, 5)) {
      assertThrows(IllegalArgumentException.class, () -> log.write(5, Map.of()));
      log.write(6, Map.of());
      assertThrows(IllegalArgumentException.class, () -> log.write(7, Map.of("step", 1)));
    }
  }
}
