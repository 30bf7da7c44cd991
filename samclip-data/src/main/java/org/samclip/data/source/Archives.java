package org.samclip.data.source;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.samclip.data.source.LeftOut.Rule;

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
  private static List<Path> inFolder(Path folder, LeftOut leftOut) {
    LeftOut others = new LeftOut();
    List<Path> archives = new ArrayList<>();
    for (Path path : FilePatterns.list(folder, others)) {
      String name = path.getFileName().toString();
      if (isArchive(name) && Files.isRegularFile(path)) {
        archives.add(path);
      } else {
        others.add(Rule.OTHER_ARCHIVE, name + (Files.isDirectory(path) ? "/" : ""));
      }
    }
    // A folder without archives is read, or refused, as what it is.
    if (!archives.isEmpty()) {
      others.entries().forEach(leftOut::add);
    }
    return archives;
  }

  /**
   * What patterns name: addresses, files, and for a folder its archives.
   *
   * @param folders whether a folder without archives is a shard of its own
   * @param leftOut counts what is in folders of archives besides
   */
  static List<Shard> find(List<String> patterns, boolean folders, LeftOut leftOut) {
    List<Shard> found = new ArrayList<>();
    for (String pattern : patterns) {
      if (FilePatterns.isAddress(pattern)) {
        FilePatterns.addresses(pattern).forEach(address -> found.add(Shard.of(address)));
        continue;
      }
      for (Path path : FilePatterns.find(pattern)) {
        List<Path> archives = Files.isDirectory(path) ? inFolder(path, leftOut) : List.of(path);
        (archives.isEmpty() && folders ? List.of(path) : archives)
            .forEach(file -> found.add(Shard.of(file)));
      }
    }
    return found;
  }
}
