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

  private final SpareFields spare;

  /**
   * @param spare whether captions are left out where they cannot be read
   */
  UnpackedRows(Path path, SourceOptions options, SpareFields spare) {
    this.path = path;
    this.options = options;
    this.spare = spare;
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
        if (file.rows(group) > 0) {
          IOException here = copy(channel, file, columns, group, row, writer);
          damage = damage == null ? here : damage;
        }
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
        Texts texts = new Texts(channel, file, columns, group)) {
      long most = options.limits().maxMemberBytes();
      for (int row = from; row < from + file.rows(group); row++) {
        Value image = images.next(most);
        to.write(row, image, texts.next(most));
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

  /** Captions of one group; where they are not needed, a damage ends them without the images. */
  private final class Texts implements AutoCloseable {
    private ParquetValues values;

    Texts(FileChannel channel, ParquetFile file, ParquetColumns columns, int group)
        throws IOException {
      if (columns.text() != null) {
        values = orNone(() -> file.values(channel, group, columns.text()), null);
      }
    }

    Value next(long most) throws IOException {
      return values == null ? Value.NONE : orNone(() -> values.next(most), Value.NONE);
    }

    private <T> T orNone(Reading<T> reading, T none) throws IOException {
      try {
        return reading.read();
      } catch (ClosedByInterruptException e) {
        throw e;
      } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException e) {
        if (!spare.has(TEXT)) {
          throw e;
        }
        spare.without(e);
        close();
        values = null;
        return none;
      }
    }

    @Override
    public void close() throws IOException {
      if (values != null) {
        values.close();
      }
    }
  }

  private interface Reading<T> {
    T read() throws IOException;
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
    long left = options.limits().maxMemberBytes() - Math.max(0, image);
    if (spare.has(TEXT) && text > left) {
      spare.without(new IOException(name + ": caption of " + text + " bytes, allowed: " + left));
      text = -1;
    }
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
