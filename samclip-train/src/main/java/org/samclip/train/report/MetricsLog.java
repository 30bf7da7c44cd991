package org.samclip.train.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * {@code metrics.jsonl}: one JSON object per line and step, {@code {"step":1,"stage":"...",...}},
 * handed to the operating system at once, so that a killed run loses nothing. A resumed run cuts
 * off the lines after its checkpoint and repeats them.
 */
public final class MetricsLog implements AutoCloseable {

  private static final ObjectMapper MAPPER = new ObjectMapper();
  private static final String STEP = "step";

  private final FileChannel file;
  private long lastStep;

  private MetricsLog(FileChannel file, long lastStep) {
    this.file = file;
    this.lastStep = lastStep;
  }

  /**
   * Opens the log of a run.
   *
   * @param path the file; made, with its folders, if it is missing
   * @param step updates the run has done in all its stages; 0 for a new run. Lines of later steps,
   *     and everything behind a broken line, are cut off
   * @throws UncheckedIOException if the file cannot be written
   */
  public static MetricsLog open(Path path, long step) {
    try {
      Files.createDirectories(path.toAbsolutePath().getParent());
      FileChannel file =
          FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        file.truncate(lengthThrough(path, step));
        file.position(file.size());
        return new MetricsLog(file, step);
      } catch (IOException | RuntimeException e) {
        file.close();
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(path + ": cannot be written: " + e.getMessage(), e);
    }
  }

  /**
   * @return a log that keeps nothing, for those who are not to write
   */
  public static MetricsLog none() {
    return new MetricsLog(null, 0);
  }

  private static long lengthThrough(Path path, long step) throws IOException {
    long length = 0;
    try (InputStream in = new BufferedInputStream(Files.newInputStream(path))) {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int b = in.read(); b >= 0; b = in.read()) {
        line.write(b);
        if (b == '\n') {
          if (stepOf(line.toByteArray()) > step) {
            return length;
          }
          length += line.size();
          line.reset();
        }
      }
    }
    // A last line without its end was cut by a crash and does not count.
    return length;
  }

  /** The step of a line; beyond all steps if the line is broken. */
  private static long stepOf(byte[] line) throws IOException {
    try {
      JsonNode step = MAPPER.readTree(line).path(STEP);
      return step.canConvertToLong() && step.isIntegralNumber() ? step.asLong() : Long.MAX_VALUE;
    } catch (JsonProcessingException e) {
      return Long.MAX_VALUE;
    }
  }

  /**
   * Writes a step.
   *
   * @param step updates done in all stages; more than at the last call
   * @param values numbers and texts by name, in this order
   * @throws IllegalArgumentException if the step does not follow, or a value is named {@code step}
   * @throws UncheckedIOException if the disk refuses
   */
  public synchronized void write(long step, Map<String, ?> values) {
    if (step <= lastStep || values.containsKey(STEP)) {
      throw new IllegalArgumentException("step " + step + " after " + lastStep + ": " + values);
    }
    lastStep = step;
    if (file == null) {
      return;
    }
    Map<String, Object> line = new LinkedHashMap<>();
    line.put(STEP, step);
    line.putAll(values);
    try {
      String json = MAPPER.writeValueAsString(line) + "\n";
      ByteBuffer bytes = ByteBuffer.wrap(json.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        file.write(bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("metrics.jsonl cannot be written: " + e.getMessage(), e);
    }
  }

  /** Puts everything on the disk and closes the file. */
  @Override
  public synchronized void close() {
    if (file == null) {
      return;
    }
    try (file) {
      file.force(true);
    } catch (IOException e) {
      throw new UncheckedIOException("metrics.jsonl cannot be written: " + e.getMessage(), e);
    }
  }
}
