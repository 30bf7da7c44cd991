package org.samclip.data.source;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.DataPageHeader;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.format.FieldRepetitionType;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.PageHeader;
import org.apache.parquet.format.PageType;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.Type;
import org.apache.parquet.format.Util;

/** Writes Parquet files of two required columns, image and text, and files whose footer lies. */
public final class TestParquet {

  private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final List<RowGroup> groups = new ArrayList<>();
  private long rows;

  public TestParquet() {
    bytes.writeBytes(MAGIC);
  }

  /** Adds a row group of one page a column. */
  public TestParquet group(List<byte[]> images, List<String> texts) {
    try {
      List<ColumnChunk> chunks = new ArrayList<>();
      chunks.add(chunk("image", images));
      chunks.add(
          chunk("text", texts.stream().map(t -> t.getBytes(StandardCharsets.UTF_8)).toList()));
      groups.add(new RowGroup(chunks, bytes.size(), images.size()));
      rows += images.size();
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ColumnChunk chunk(String name, List<byte[]> values) throws IOException {
    int size = values.stream().mapToInt(v -> 4 + v.length).sum();
    ByteBuffer page = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    values.forEach(v -> page.putInt(v.length).put(v));
    PageHeader header = new PageHeader(PageType.DATA_PAGE, size, size);
    header.setData_page_header(
        new DataPageHeader(values.size(), Encoding.PLAIN, Encoding.RLE, Encoding.RLE));
    long from = bytes.size();
    Util.writePageHeader(header, bytes);
    bytes.writeBytes(page.array());
    ColumnMetaData column =
        new ColumnMetaData(
            Type.BYTE_ARRAY,
            List.of(Encoding.PLAIN),
            List.of(name),
            CompressionCodec.UNCOMPRESSED,
            values.size(),
            bytes.size() - from,
            bytes.size() - from,
            from);
    return new ColumnChunk(0).setMeta_data(column);
  }

  private static SchemaElement column(String name) {
    return new SchemaElement(name)
        .setType(Type.BYTE_ARRAY)
        .setRepetition_type(FieldRepetitionType.REQUIRED);
  }

  public Path write(Path file) throws IOException {
    List<SchemaElement> schema =
        List.of(new SchemaElement("schema").setNum_children(2), column("image"), column("text"));
    end(bytes, new FileMetaData(1, schema, rows, groups));
    return Files.write(file, bytes.toByteArray());
  }

  private static void end(ByteArrayOutputStream bytes, FileMetaData footer) throws IOException {
    int before = bytes.size();
    Util.writeFileMetaData(footer, bytes);
    int length = bytes.size() - before;
    bytes.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(length).array());
    bytes.writeBytes(MAGIC);
  }

  /** The same file with another footer. */
  static byte[] lie(byte[] sound, Consumer<FileMetaData> lie) throws IOException {
    ByteBuffer tail = ByteBuffer.wrap(sound).order(ByteOrder.LITTLE_ENDIAN);
    int from = sound.length - 8 - tail.getInt(sound.length - 8);
    FileMetaData footer =
        Util.readFileMetaData(new ByteArrayInputStream(sound, from, sound.length - from));
    lie.accept(footer);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(Arrays.copyOf(sound, from));
    end(bytes, footer);
    return bytes.toByteArray();
  }
}
