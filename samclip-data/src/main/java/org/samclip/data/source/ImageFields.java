package org.samclip.data.source;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.samclip.UserError;
import org.samclip.data.source.SampleRef.Member;
import org.samclip.data.transform.ImageDecoder;
import org.samclip.data.transform.RgbImage;

/** Which files and fields are images, and how sources decode them. */
final class ImageFields {

  /** In the order in which a sample with several of them is read. */
  static final List<String> EXTENSIONS = List.of("jpg", "jpeg", "png", "webp");

  private ImageFields() {}

  /** The fields of a format that has others beside images. */
  static Set<String> with(Set<String> others) {
    Set<String> fields = new HashSet<>(EXTENSIONS);
    fields.addAll(others);
    return Set.copyOf(fields);
  }

  static boolean isImage(Path file) {
    return EXTENSIONS.contains(extension(file)) && Files.isRegularFile(file);
  }

  static String extension(Path file) {
    String name = file.getFileName().toString();
    return name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }

  static RgbImage decode(byte[] bytes, String key, SourceOptions options) {
    return ImageDecoder.decode(bytes, key, options.limits().maxPixels(), options.upright());
  }

  static RgbImage decode(RawSample raw, SourceOptions options) {
    return decode(raw.require(EXTENSIONS.toArray(String[]::new)), raw.key(), options);
  }

  /** A whole file as a field. */
  static Member member(String field, Path file) {
    try {
      return new Member(field, file, 0, Files.size(file));
    } catch (IOException e) {
      throw new UserError(file + ": cannot be read (" + e + ")", e);
    }
  }
}
