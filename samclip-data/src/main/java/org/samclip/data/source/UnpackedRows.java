package org.samclip.data.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.source.ParquetValues.Value;
import org.samclip.data.transform.ImageFormat;

/**
 * The rows of a Parquet file in a temporary file, from which each is read without the others. The
 * packed pages do not allow that: one holds hundreds of pictures.
 *
 * <p>First the number of rows (8 bytes), then for each row where it begins (8 bytes; 0: it was
 * lost) and the sizes of its image and its caption (4 bytes each; -1: none), then the rows
 * themselves.
 */
final class UnpackedRows implements ShardStore.Unpacking {

  /** Field of a caption. */
  static final String TEXT = "txt";

  private static final int HEAD = 8;
  private static final int ENTRY = 16;

  private final Path path;
  private final SourceOptions options;

  UnpackedRows(Path path, SourceOptions options) {
    this.path = path;
    this.options = options;
  }

  @Override
  public void into(ShardStore.Sink out) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      ParquetFile file = new ParquetFile(channel);
      ParquetColumns columns = ParquetColumns.of(file, path, options);
      ByteBuffer head = ByteBuffer.allocate(HEAD + ENTRY * file.rows());
      out.write(head.putLong(0, file.rows()), 0);
      Writer writer = new Writer(out, head.capacity());
      IOException damage = null;
      int row = 0;
      for (int group = 0; group < file.groups(); group++) {
        IOException here = copy(channel, file, columns, group, row, writer);
        damage = damage == null ? here : damage;
        row += file.rows(group);
      }
      if (damage != null) {
        throw damage;
      }
    }
  }

  /** Returns what ended the group early, or null; the other groups do not depend on it. */
  private IOException copy(
      FileChannel channel, ParquetFile file, ParquetColumns columns, int group, int from, Writer to)
      throws IOException {
    try (ParquetValues images = file.values(channel, group, columns.image());
        ParquetValues texts =
            columns.text() == null ? null : file.values(channel, group, columns.text())) {
      long most = options.limits().maxMemberBytes();
      for (int row = from; row < from + file.rows(group); row++) {
        Value image = images.next(most);
        Value text = texts == null ? Value.NONE : texts.next(most);
        to.write(row, image, text);
      }
      return null;
    } catch (ClosedByInterruptException | ShardStore.Full e) {
      throw e;
    } catch (IOException e) {
      return new IOException("row group " + group + ": " + e.getMessage(), e);
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      // What the unpackers make of damaged pages.
      return new IOException("row group " + group + ": damaged page (" + e + ")", e);
    }
  }

  private static final class Writer {
    private final ShardStore.Sink out;
    private long end;

    Writer(ShardStore.Sink out, long from) {
      this.out = out;
      end = from;
    }

    void write(int row, Value image, Value text) throws IOException {
      ByteBuffer entry = ByteBuffer.allocate(ENTRY).putLong(end);
      out.write(entry.putInt(image.size()).putInt(text.size()).flip(), HEAD + (long) ENTRY * row);
      for (Value value : new Value[] {image, text}) {
        if (value.bytes() != null) {
          out.write(ByteBuffer.wrap(value.bytes()), end);
          end += value.bytes().length;
        }
      }
    }
  }

  /**
   * Reads a row.
   *
   * @param rows what was unpacked
   * @param cut why some rows were lost, or null
   * @param number of the row, from 0
   * @param name what messages call it
   * @return the image under its format's name, the caption as {@code txt}
   */
  Map<String, byte[]> read(FileChannel rows, IOException cut, long number, String name)
      throws IOException {
    long count = read(rows, 0, HEAD).getLong();
    ByteBuffer entry =
        number < count ? read(rows, HEAD + ENTRY * number, ENTRY) : ByteBuffer.allocate(ENTRY);
    long at = entry.getLong();
    if (at == 0) {
      throw new BrokenSampleException(
          Kind.TRUNCATED_ARCHIVE,
          name
              + ": lost ("
              + (cut == null ? "the file became shorter" : cut.getMessage())
              + "); fetch the file again",
          cut);
    }
    int image = entry.getInt();
    int text = entry.getInt();
    long size = (long) Math.max(0, image) + Math.max(0, text);
    if (size > options.limits().maxMemberBytes()) {
      throw new BrokenSampleException(
          Kind.MEMBER_LIMIT,
          name + ": " + size + " bytes, allowed: " + options.limits().maxMemberBytes());
    }
    Map<String, byte[]> fields = new LinkedHashMap<>();
    if (image >= 0) {
      byte[] bytes = read(rows, at, image).array();
      ImageFormat format = ImageFormat.of(bytes);
      fields.put(format == null ? ImageFields.EXTENSIONS.get(0) : format.reader(), bytes);
    }
    if (text >= 0) {
      fields.put(TEXT, read(rows, at + Math.max(0, image), text).array());
    }
    return fields;
  }

  private static ByteBuffer read(FileChannel rows, long from, int size) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(size);
    while (bytes.hasRemaining()) {
      if (rows.read(bytes, from + bytes.position()) < 0) {
        throw new IOException("the temporary file ends early");
      }
    }
    return bytes.flip();
  }
}
