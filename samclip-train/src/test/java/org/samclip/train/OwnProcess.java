package org.samclip.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a class with a {@code main} in a Java of its own, whose memory nothing else has touched. */
public final class OwnProcess {

  private OwnProcess() {}

  /**
   * @param folder takes a log
   * @param options for Java
   * @param main has the method
   * @param arguments of the method
   * @return the last line it printed
   */
  public static String lastLine(
      Path folder, List<String> options, Class<?> main, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(Arrays.asList("-Dai.djl.offline=true", "-DOPT_OUT_TRACKING=true"));
    // Surefire may hide the class path behind a jar that names it.
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    command.addAll(List.of("-cp", classPath, main.getName()));
    command.addAll(Arrays.asList(arguments));
    Path log = folder.resolve("log.txt");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    try {
      assertTrue(process.waitFor(10, TimeUnit.MINUTES), () -> "still running: " + text(log));
    } finally {
      process.destroyForcibly();
    }
    String text = text(log);
    assertEquals(0, process.exitValue(), text);
    return text.strip().lines().reduce((before, last) -> last).orElseThrow();
  }

  private static String text(Path log) {
    try {
      return Files.readString(log, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
