package org.samclip.data.source;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.samclip.UserError;

/**
 * Finds files by the patterns WebDataset users write: {@code train-{0000..0127}.tar}, {@code
 * {a,b}.tar}, {@code *.tar} in the last path element; for {@code http(s)} addresses the braces
 * only.
 */
final class FilePatterns {

  private static final Pattern BRACES = Pattern.compile("\\{([^{}]*)\\}");
  private static final Pattern RANGE = Pattern.compile("(\\d{1,9})\\.\\.(\\d{1,9})");
  private static final int MAX_FILES = 1_000_000;

  private FilePatterns() {}

  static boolean isAddress(String location) {
    return location.startsWith("http://") || location.startsWith("https://");
  }

  /** The addresses that a pattern names, in its order; whether they exist is seen when read. */
  static List<URI> addresses(String pattern) {
    List<URI> found = new ArrayList<>();
    for (String expanded : expand(pattern)) {
      if (expanded.contains("*")) {
        throw new UserError(
            "\"" + pattern + "\": a web server cannot be listed; name files as {0000..0099}");
      }
      try {
        URI address = new URI(expanded);
        if (address.getHost() == null) {
          throw new URISyntaxException(expanded, "no host");
        }
        found.add(address);
      } catch (URISyntaxException e) {
        throw new UserError("\"" + expanded + "\": no web address (" + e.getReason() + ")", e);
      }
    }
    return found;
  }

  /** The existing paths that a pattern names, sorted; a pattern that names none is a user error. */
  static List<Path> find(String pattern) {
    TreeSet<Path> found = new TreeSet<>();
    for (String expanded : expand(pattern)) {
      Path path = Path.of(expanded).toAbsolutePath().normalize();
      String last = path.getFileName() == null ? "" : path.getFileName().toString();
      if (last.contains("*") || last.contains("?")) {
        found.addAll(glob(path.getParent(), last, pattern));
      } else if (Files.exists(path)) {
        found.add(path);
      } else {
        throw new UserError(
            path + ": no such file or folder (from \"" + pattern + "\"); check the path");
      }
    }
    return List.copyOf(found);
  }

  private static List<Path> glob(Path folder, String name, String pattern) {
    if (!Files.isDirectory(folder)) {
      throw new UserError(folder + ": no such folder (from \"" + pattern + "\"); check the path");
    }
    PathMatcher matcher = FileSystems.getDefault().getPathMatcher("glob:" + name);
    List<Path> found =
        list(folder).stream().filter(path -> matcher.matches(path.getFileName())).toList();
    if (found.isEmpty()) {
      throw new UserError(folder + ": no file matches " + name + "; check the pattern");
    }
    return found;
  }

  /** What a folder holds, sorted by name. */
  static List<Path> list(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.sorted().toList();
    } catch (IOException e) {
      throw new UserError(folder + ": cannot be listed (" + e + ")", e);
    }
  }

  static List<String> expand(String pattern) {
    Matcher braces = BRACES.matcher(pattern);
    if (!braces.find()) {
      return List.of(pattern);
    }
    List<String> expanded = new ArrayList<>();
    for (String choice : choices(braces.group(1), pattern)) {
      expanded.addAll(
          expand(pattern.substring(0, braces.start()) + choice + pattern.substring(braces.end())));
      if (expanded.size() > MAX_FILES) {
        throw new UserError("\"" + pattern + "\" names more than " + MAX_FILES + " files");
      }
    }
    return expanded;
  }

  private static List<String> choices(String inside, String pattern) {
    Matcher range = RANGE.matcher(inside);
    if (!range.matches()) {
      return List.of(inside.split(",", -1));
    }
    int from = Integer.parseInt(range.group(1));
    int to = Integer.parseInt(range.group(2));
    if (to < from || to - from >= MAX_FILES) {
      throw new UserError(
          "\"" + pattern + "\": range {" + inside + "}, allowed: from <= to, at most " + MAX_FILES);
    }
    String format = "%0" + range.group(1).length() + "d";
    List<String> numbers = new ArrayList<>();
    for (int i = from; i <= to; i++) {
      numbers.add(String.format(format, i));
    }
    return numbers;
  }
}
