package org.samclip.data.source;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.samclip.TextFile;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.transform.ImageDecoder;
import org.samclip.data.transform.RgbImage;

/** What the evaluation formats share: folders, class lists, single files. */
final class EvaluationFiles {

  private EvaluationFiles() {}

  static void requireFolder(Path folder, String what) {
    if (!Files.isDirectory(folder)) {
      throw new UserError(folder + ": no such folder; " + what);
    }
  }

  /** The image files directly in a folder, sorted by name. */
  static List<Path> images(Path folder) {
    return FilePatterns.list(folder).stream().filter(ImageFields::isImage).toList();
  }

  /** A file's name without its extension. */
  static String stem(Path file) {
    String name = file.getFileName().toString();
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
  }

  /** The lines of a text file without comments and empty ones. */
  static List<String> lines(Path file, String what) {
    if (!Files.isRegularFile(file)) {
      throw new UserError(file + ": no such file; " + what);
    }
    try {
      List<String> lines = new ArrayList<>();
      for (String line : TextFile.lines(file)) {
        if (!line.isBlank() && !line.startsWith("#")) {
          lines.add(line.strip());
        }
      }
      return lines;
    } catch (IOException e) {
      throw new UserError(file + ": not readable as text in UTF-8 (" + e + ")", e);
    }
  }

  static byte[] bytes(Path file, DataLimits limits) {
    try {
      long size = Files.size(file);
      if (size > limits.maxMemberBytes()) {
        throw new BrokenSampleException(
            Kind.MEMBER_LIMIT, file + ": " + size + " bytes, allowed: " + limits.maxMemberBytes());
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new BrokenSampleException(Kind.UNREADABLE, file + ": cannot be read (" + e + ")", e);
    }
  }

  static RgbImage image(Path file, DataLimits limits) {
    return ImageDecoder.decode(bytes(file, limits), file.toString(), limits.maxPixels());
  }
}
