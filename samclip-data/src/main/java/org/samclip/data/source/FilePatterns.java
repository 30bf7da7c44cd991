package org.samclip.data.source;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.samclip.UserError;
import org.samclip.data.source.LeftOut.Rule;

/**
 * Finds files by the patterns WebDataset users write: {@code train-{0000..0127}.tar}, {@code
 * {a,b}.tar}, {@code *.tar} in the last path element; for {@code http(s)} addresses the braces
 * only.
 */
final class FilePatterns {

  private static final Pattern BRACES = Pattern.compile("\\{([^{}]*)\\}");
  private static final Pattern RANGE = Pattern.compile("(\\d{1,9})\\.\\.(\\d{1,9})");
  private static final int MAX_FILES = 1_000_000;
  private static final int ENDINGS_NAMED = 5;

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
    List<Path> all = name.startsWith(".") ? everything(folder) : list(folder);
    List<Path> found = all.stream().filter(path -> matcher.matches(path.getFileName())).toList();
    if (found.isEmpty()) {
      throw new UserError(folder + ": no file matches " + name + "; check the pattern");
    }
    return found;
  }

  /** What a folder holds, sorted by name; hidden files are passed over. */
  static List<Path> list(Path folder) {
    return list(folder, new LeftOut());
  }

  /** What a folder holds, sorted by name; hidden files are passed over and counted. */
  static List<Path> list(Path folder, LeftOut leftOut) {
    List<Path> found = new ArrayList<>();
    for (Path path : everything(folder)) {
      String name = path.getFileName().toString();
      if (HiddenFiles.isHidden(name)) {
        leftOut.add(Rule.HIDDEN, name);
      } else {
        found.add(path);
      }
    }
    return found;
  }

  /**
   * A folder and those in it at any depth, sorted; what is hidden is passed over and counted, links
   * are not followed.
   */
  static List<Path> folders(Path root, LeftOut leftOut) {
    List<Path> found = new ArrayList<>(List.of(root));
    for (int i = 0; i < found.size(); i++) {
      for (Path path : list(found.get(i), leftOut)) {
        if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
          found.add(path);
        }
      }
    }
    return found.stream().sorted().toList();
  }

  /** What patterns name and how many files of which ending it holds, for messages. */
  static String found(List<String> patterns) {
    List<String> found = new ArrayList<>();
    for (String pattern : patterns) {
      if (!isAddress(pattern)) {
        find(pattern).forEach(path -> found.add(found(path)));
      }
    }
    return String.join(", ", found);
  }

  /** A folder and how many files of which ending it holds, for messages. */
  static String found(Path folder) {
    if (!Files.isDirectory(folder)) {
      return folder.toString();
    }
    Map<String, Integer> endings = new TreeMap<>();
    for (Path path : everything(folder)) {
      String name = path.getFileName().toString();
      int dot = name.lastIndexOf('.');
      String ending =
          Files.isDirectory(path)
              ? "folders"
              : HiddenFiles.isHidden(name)
                  ? "hidden files"
                  : dot < 0 ? "without an ending" : name.substring(dot);
      endings.merge(ending, 1, Integer::sum);
    }
    String held =
        endings.entrySet().stream()
            .sorted(Map.Entry.<String, Integer>comparingByValue().reversed())
            .limit(ENDINGS_NAMED)
            .map(entry -> entry.getValue() + " " + entry.getKey())
            .collect(Collectors.joining(", "));
    return folder + " (" + (held.isEmpty() ? "empty" : "holds " + held) + ")";
  }

  private static List<Path> everything(Path folder) {
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
