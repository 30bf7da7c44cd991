package org.samclip.data.source;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Which files are archives. */
final class Archives {

  private Archives() {}

  /** The tar files of a folder, sorted by name. */
  static List<Path> inFolder(Path folder) {
    return FilePatterns.list(folder).stream()
        .filter(path -> path.toString().endsWith(".tar") && Files.isRegularFile(path))
        .toList();
  }
}
