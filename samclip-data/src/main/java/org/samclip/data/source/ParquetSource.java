package org.samclip.data.source;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.source.LeftOut.Rule;
import org.samclip.data.source.ParquetValues.Value;
import org.samclip.data.source.SampleRef.Member;

/**
 * Parquet files of images as Hugging Face's data sets have them: a column of encoded images, plain
 * or as the {@code bytes} of a structure, and perhaps one of captions. A shard is one file. It is
 * listed from its footer, and from its column of keys if it has one; its rows are unpacked once
 * into a temporary file when the first of them is read.
 */
public final class ParquetSource extends ReadSource {

  private static final String ENDING = ".parquet";
  private static final String ROW = "row";
  private static final int MAX_KEY = 4096;

  private final List<Shard> shards = new ArrayList<>();

  /** The format {@code parquet}. */
  public static final class Provider implements SampleSourceProvider {

    @Override
    public String format() {
      return "parquet";
    }

    @Override
    public boolean hasMasks() {
      return false;
    }

    @Override
    public boolean hasText() {
      return true;
    }

    @Override
    public SampleSource open(SourceOptions options) {
      return new ParquetSource(options);
    }
  }

  /**
   * @param options whose patterns name Parquet files or folders of them. Settings: {@code image},
   *     {@code text} and {@code key}, names of columns
   * @throws UserError if a path does not exist, no file can be read, or a column is missing
   */
  public ParquetSource(SourceOptions options) {
    super(options, Set.of(UnpackedRows.TEXT));
    options.checkSettings(ParquetColumns.SETTINGS);
    for (String pattern : options.patterns()) {
      if (FilePatterns.isAddress(pattern)) {
        throw new UserError(
            options.name() + ": " + pattern + ": Parquet is read from disk; fetch the files first");
      }
      for (Path path : FilePatterns.find(pattern)) {
        files(path).forEach(file -> shards.add(Shard.of(file)));
      }
    }
    if (shards.isEmpty()) {
      throw new UserError(
          options.name()
              + ": no file NAME"
              + ENDING
              + " in "
              + FilePatterns.found(options.patterns()));
    }
    checkFirst();
  }

  private List<Path> files(Path path) {
    if (!Files.isDirectory(path)) {
      return List.of(path);
    }
    List<Path> files = new ArrayList<>();
    for (Path file : FilePatterns.list(path, leftOut)) {
      if (file.toString().endsWith(ENDING)) {
        files.add(file);
      } else {
        leftOut.add(Rule.NO_PARQUET, file.getFileName() + (Files.isDirectory(file) ? "/" : ""));
      }
    }
    return files;
  }

  /** A wrong column is told at once, by the first file that is whole and has rows. */
  private void checkFirst() {
    IOException first = null;
    boolean empty = false;
    for (Shard shard : shards) {
      try (FileChannel channel = FileChannel.open(shard.path(), StandardOpenOption.READ)) {
        ParquetFile file = new ParquetFile(channel);
        // Of a file without rows the columns may have no type.
        if (file.rows() == 0) {
          empty = true;
        } else {
          ParquetColumns columns = ParquetColumns.of(file, shard.path(), options);
          columns.requireReadable(channel, file, firstWithRows(file), options);
          return;
        }
      } catch (IOException e) {
        first = first == null ? e : first;
      }
    }
    if (empty) {
      return;
    }
    throw new UserError(
        options.name()
            + ": no file can be read, "
            + shards.get(0).path()
            + " because of: "
            + first.getMessage(),
        first);
  }

  private static int firstWithRows(ParquetFile file) {
    int group = 0;
    while (file.rows(group) == 0) {
      group++;
    }
    return group;
  }

  @Override
  public List<Shard> shards() {
    return List.copyOf(shards);
  }

  @Override
  public List<SampleRef> list(Shard shard) {
    List<SampleRef> samples = new ArrayList<>();
    try (FileChannel channel = FileChannel.open(shard.path(), StandardOpenOption.READ)) {
      ParquetFile file = new ParquetFile(channel);
      if (file.rows() == 0) {
        return samples;
      }
      ParquetColumns columns = ParquetColumns.of(file, shard.path(), options);
      for (int group = 0; group < file.groups(); group++) {
        if (file.rows(group) > 0) {
          list(channel, file, group, columns, shard, samples);
        }
      }
    } catch (ClosedByInterruptException e) {
      throw (CancellationException) new CancellationException("interrupted").initCause(e);
    } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException e) {
      samples.add(
          SampleRef.rest(
              shard,
              new BrokenSampleException(
                  Kind.TRUNCATED_ARCHIVE,
                  shard.location()
                      + ": damaged after "
                      + samples.size()
                      + " samples ("
                      + e.getMessage()
                      + "); the rest is lost, fetch the file again",
                  e)));
    }
    return samples;
  }

  private void list(
      FileChannel channel,
      ParquetFile file,
      int group,
      ParquetColumns columns,
      Shard shard,
      List<SampleRef> samples)
      throws IOException {
    columns.requireReadable(channel, file, group, options);
    try (ParquetValues keys =
        columns.key() == null ? null : file.values(channel, group, columns.key())) {
      for (int i = 0; i < file.rows(group); i++) {
        int row = samples.size();
        samples.add(
            keys == null
                ? ref(shard, rowKey(shard, row), row)
                : keyed(shard, keys.next(MAX_KEY), row));
      }
    }
  }

  private static String rowKey(Shard shard, int row) {
    String name = shard.name();
    return (name.endsWith(ENDING) ? name.substring(0, name.length() - ENDING.length()) : name)
        + "/"
        + row;
  }

  private static SampleRef keyed(Shard shard, Value key, int row) {
    if (key.size() <= 0 || key.bytes() == null) {
      return broken(
          shard,
          rowKey(shard, row),
          Kind.MISSING_FIELD,
          "key of " + key.size() + " bytes, allowed: 1.." + MAX_KEY);
    }
    String name;
    try {
      name = UTF_8.newDecoder().decode(ByteBuffer.wrap(key.bytes())).toString();
    } catch (CharacterCodingException e) {
      return broken(shard, rowKey(shard, row), Kind.BAD_ANNOTATION, "its key is not UTF-8 text");
    }
    // Keys go to logs, and become names in archives.
    if (name.startsWith("/")
        || List.of(name.split("/")).contains("..")
        || name.chars().anyMatch(Character::isISOControl)) {
      return broken(
          shard,
          rowKey(shard, row),
          Kind.UNSAFE_MEMBER,
          "its key begins with /, or has .. or control characters in it");
    }
    return ref(shard, name, row);
  }

  private static SampleRef broken(Shard shard, String key, Kind kind, String why) {
    return SampleRef.broken(shard, key, new BrokenSampleException(kind, key + ": " + why));
  }

  private static SampleRef ref(Shard shard, String key, int row) {
    return new SampleRef(shard, key, List.of(new Member(ROW, null, row, 0)), null);
  }

  @Override
  public RawSample read(SampleRef ref) {
    if (ref.failure() != null) {
      throw ref.failure();
    }
    UnpackedRows rows = new UnpackedRows(ref.shard().path(), options, spare);
    long row = ref.members().get(0).offset();
    String name = ref.shard().name() + "/" + ref.key();
    try {
      return new RawSample(
          ref.key(),
          options.store().with(ref.shard(), rows, (file, cut) -> rows.read(file, cut, row, name)));
    } catch (InterruptedIOException | ClosedByInterruptException e) {
      throw (CancellationException) new CancellationException("interrupted").initCause(e);
    } catch (IOException e) {
      throw new BrokenSampleException(
          Kind.UNREADABLE, name + ": cannot be read (" + e.getMessage() + ")", e);
    }
  }

  @Override
  public Sample decode(RawSample raw) {
    boolean image = raw.fields().keySet().stream().anyMatch(ImageFields.EXTENSIONS::contains);
    String text = caption(raw, ParquetSource::text);
    if (!image || text == null && options.textRequired()) {
      throw new BrokenSampleException(
          Kind.MISSING_FIELD,
          raw.key()
              + (image ? ": no caption in this row" : ": no image in this row, or only a path"));
    }
    return new Sample(raw.key(), ImageFields.decode(raw, options), text, List.of());
  }

  private static String text(RawSample raw) {
    byte[] text = raw.fields().get(UnpackedRows.TEXT);
    return text == null ? null : WebDatasetSource.text(text, raw.key());
  }
}
