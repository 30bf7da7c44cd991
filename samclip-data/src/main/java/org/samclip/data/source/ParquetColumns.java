package org.samclip.data.source;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.samclip.NearestName;
import org.samclip.UserError;
import org.samclip.data.source.ParquetFile.Column;

/**
 * Which columns of a Parquet file are used.
 *
 * @param image encoded images
 * @param text captions, or null
 * @param key names of samples, or null
 */
record ParquetColumns(Column image, Column text, Column key) {

  /** The settings that name columns. */
  static final Set<String> SETTINGS = Set.of("image", "text", "key");

  private static final Map<String, List<String>> DEFAULTS =
      Map.of(
          "image", List.of("image"),
          "text", List.of("text", "caption"),
          "key", List.of("key", "__key__"));

  /**
   * Finds the columns.
   *
   * @throws UserError if one that is named or needed is missing or holds something else
   * @throws IOException if the file is damaged
   */
  static ParquetColumns of(ParquetFile file, Path path, SourceOptions options) throws IOException {
    return new ParquetColumns(
        find(file, path, options, "image", true),
        find(file, path, options, "text", options.textRequired()),
        find(file, path, options, "key", false));
  }

  private static Column find(
      ParquetFile file, Path path, SourceOptions options, String setting, boolean needed)
      throws IOException {
    String named = options.settings().get(setting);
    List<String> names = named == null ? DEFAULTS.get(setting) : List.of(named);
    for (String name : names) {
      Column column = file.column(name);
      if (column != null) {
        return column;
      }
    }
    // A column that only happens to be called so, such as a numeric key, does not disturb.
    if (named == null && !needed) {
      return null;
    }
    String wanted = names.get(0);
    boolean there = file.names().contains(wanted);
    throw new UserError(
        options.name()
            + (there
                ? ": column '" + wanted + "' of " + path + " holds no bytes or text, one a row"
                : ": no column '" + String.join("' or '", names) + "' in " + path)
            + "; its columns: "
            + String.join(", ", file.names())
            + ". Set options."
            + setting
            + "."
            + (there ? "" : NearestName.hint(wanted, file.names())));
  }

  /**
   * Sees, from the footer alone, whether the columns that are needed can be there in a row group
   * and are written in a way that is read.
   */
  void requireReadable(FileChannel channel, ParquetFile file, int group, SourceOptions options)
      throws IOException {
    file.values(channel, group, image).close();
    if (text != null && options.textRequired()) {
      file.values(channel, group, text).close();
    }
  }
}
