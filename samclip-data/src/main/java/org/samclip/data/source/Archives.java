package org.samclip.data.source;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Which files are archives, and where patterns find them. */
final class Archives {

  private static final List<String> ENDINGS =
      List.of(".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.zstd");

  private Archives() {}

  static boolean isArchive(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return ENDINGS.stream().anyMatch(lower::endsWith);
  }

  /** The tar files of a folder, compressed or not, sorted by name. */
  static List<Path> inFolder(Path folder) {
    return FilePatterns.list(folder).stream()
        .filter(path -> isArchive(path.getFileName().toString()) && Files.isRegularFile(path))
        .toList();
  }

  /**
   * What patterns name: addresses, files, and for a folder its archives.
   *
   * @param folders whether a folder without archives is a shard of its own
   */
  static List<Shard> find(List<String> patterns, boolean folders) {
    List<Shard> found = new ArrayList<>();
    for (String pattern : patterns) {
      if (FilePatterns.isAddress(pattern)) {
        FilePatterns.addresses(pattern).forEach(address -> found.add(Shard.of(address)));
        continue;
      }
      for (Path path : FilePatterns.find(pattern)) {
        List<Path> archives = Files.isDirectory(path) ? inFolder(path) : List.of(path);
        (archives.isEmpty() && folders ? List.of(path) : archives)
            .forEach(file -> found.add(Shard.of(file)));
      }
    }
    return found;
  }
}
