package org.samclip.data.replay;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException.Kind;

/**
 * The list of broken samples and bad annotations, one line each: shard, key, kind, message,
 * separated by tabs. It only grows, each appears once, and runs that continue go on with the same
 * file.
 */
public final class Quarantine {

  private final Path file;
  private final Set<Long> known = new HashSet<>();

  /**
   * @param file where the list is; made with the first broken sample
   * @throws UserError if an existing file cannot be read
   */
  public Quarantine(Path file) {
    this.file = file;
    if (Files.exists(file)) {
      try (var lines = Files.lines(file, StandardCharsets.UTF_8)) {
        lines.forEach(
            line -> {
              String[] columns = line.split("\t", 3);
              if (columns.length == 3) {
                known.add(KeyHash.of(columns[0], columns[1]));
              }
            });
      } catch (IOException | java.io.UncheckedIOException e) {
        throw new UserError(file + ": cannot read the quarantine list (" + e + ")", e);
      }
    }
  }

  /** Where the list is. */
  public Path file() {
    return file;
  }

  synchronized void add(String shard, String key, Kind kind, String message) {
    String cleanShard = clean(shard);
    String cleanKey = clean(key);
    if (!known.add(KeyHash.of(cleanShard, cleanKey))) {
      return;
    }
    String line =
        String.join("\t", List.of(cleanShard, cleanKey, kind.name(), clean(message))) + "\n";
    try {
      if (file.getParent() != null) {
        Files.createDirectories(file.getParent());
      }
      Files.writeString(
          file, line, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UserError(file + ": cannot write the quarantine list (" + e + ")", e);
    }
  }

  /** Keys come from archives: no control character may break a line or a terminal. */
  private static String clean(String text) {
    return text.replaceAll("\\p{Cntrl}", " ");
  }
}
