package org.samclip.data.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.FieldRepetitionType;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.SchemaElement;
import org.apache.parquet.format.Type;

/** What a Parquet file's footer says: its columns, and where each row group keeps them. */
final class ParquetFile {

  /** Rows of one file; bounds what a lying footer can make a listing allocate. */
  static final int MAX_ROWS = 1 << 21;

  private static final int MAX_FOOTER = 16 << 20;
  private static final int MAGIC = 0x31524150; // PAR1
  private static final int ENCRYPTED = 0x45524150; // PARE

  /**
   * A column of bytes, one value or none a row.
   *
   * @param name as it is written in messages
   * @param leaf its number among the columns that hold values
   * @param depth definition level of a value; below it there is none
   */
  record Column(String name, int leaf, int depth) {}

  private final FileMetaData footer;
  private final long end;

  /** Top-level names, each with the place of its element in the schema. */
  private final Map<String, Integer> names = new LinkedHashMap<>();

  /** For each element of the schema, how many before it hold values. */
  private final int[] leaves;

  /**
   * @param file stays open; only its footer is read
   * @throws IOException if it is not a Parquet file, or a damaged one
   */
  ParquetFile(FileChannel file) throws IOException {
    long size = file.size();
    if (size < 12) {
      throw new IOException("not a Parquet file: " + size + " bytes");
    }
    ByteBuffer tail = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    new ChannelRange(file, size - 8, size).readNBytes(tail.array(), 0, 8);
    int length = tail.getInt();
    int magic = tail.getInt();
    if (magic != MAGIC) {
      throw new IOException(
          magic == ENCRYPTED
              ? "an encrypted Parquet file; encryption is not supported"
              : "not a whole Parquet file: it does not end with PAR1");
    }
    if (length < 1 || length > Math.min(MAX_FOOTER, size - 12)) {
      throw new IOException(
          "footer of " + length + " bytes, allowed: 1.." + Math.min(MAX_FOOTER, size - 12));
    }
    end = size - 8 - length;
    footer = ParquetThrift.read(new FileMetaData(), new ChannelRange(file, end, size - 8), length);
    List<SchemaElement> schema = footer.getSchema();
    leaves = new int[schema.size()];
    for (int i = 1; i < leaves.length; i++) {
      leaves[i] = leaves[i - 1] + (children(i - 1) == 0 && i > 1 ? 1 : 0);
    }
    int element = 1;
    for (int i = children(0); i > 0; i--) {
      int at = element;
      element = behind(at);
      names.put(schema.get(at).getName(), at);
    }
    checkRows();
  }

  private int children(int element) throws IOException {
    List<SchemaElement> schema = footer.getSchema();
    if (element >= schema.size() || schema.get(element).getNum_children() < 0) {
      throw new IOException("damaged schema");
    }
    return schema.get(element).getNum_children();
  }

  /** The place behind an element and everything below it. */
  private int behind(int element) throws IOException {
    int at = element;
    for (long open = 1; open > 0; open--) {
      open += children(at++);
    }
    return at;
  }

  private void checkRows() throws IOException {
    long rows = 0;
    for (RowGroup group : footer.getRow_groups()) {
      rows += group.getNum_rows();
      if (group.getNum_rows() < 0 || rows > MAX_ROWS) {
        throw new IOException("more than " + MAX_ROWS + " rows, or fewer than none, in its groups");
      }
    }
    if (rows != footer.getNum_rows()) {
      throw new IOException(footer.getNum_rows() + " rows, but " + rows + " in its groups");
    }
  }

  int rows() {
    return (int) footer.getNum_rows();
  }

  int groups() {
    return footer.getRow_groups().size();
  }

  int rows(int group) {
    return (int) footer.getRow_groups().get(group).getNum_rows();
  }

  /** The top-level columns. */
  List<String> names() {
    return new ArrayList<>(names.keySet());
  }

  /**
   * A top-level column of bytes or text, or the {@code bytes} of a structure.
   *
   * @return null if the column is of another kind or there is none
   */
  Column column(String name) throws IOException {
    Integer at = names.get(name);
    if (at == null) {
      return null;
    }
    int depth = depth(at, 0);
    if (children(at) == 0) {
      return leaf(name, at, depth);
    }
    int child = at + 1;
    for (int i = children(at); i > 0; i--) {
      SchemaElement element = footer.getSchema().get(child);
      if (element.getName().equals("bytes") && children(child) == 0) {
        return leaf(name + ".bytes", child, depth(child, depth));
      }
      child = behind(child);
    }
    return null;
  }

  /** Levels of optional elements so far; -1: below a list. */
  private int depth(int element, int above) {
    FieldRepetitionType repetition = footer.getSchema().get(element).getRepetition_type();
    if (above < 0 || repetition == null || repetition == FieldRepetitionType.REPEATED) {
      return -1;
    }
    return repetition == FieldRepetitionType.OPTIONAL ? above + 1 : above;
  }

  private Column leaf(String name, int element, int depth) {
    boolean bytes = footer.getSchema().get(element).getType() == Type.BYTE_ARRAY;
    return bytes && depth >= 0 ? new Column(name, leaves[element], depth) : null;
  }

  /**
   * The values of a column in one row group.
   *
   * @param file the same file
   * @throws IOException if the footer names a place that cannot be, or a packing or encoding that
   *     is not read
   */
  ParquetValues values(FileChannel file, int group, Column column) throws IOException {
    List<ColumnChunk> chunks = footer.getRow_groups().get(group).getColumns();
    ColumnMetaData chunk = column.leaf < chunks.size() ? chunks.get(column.leaf).meta_data : null;
    if (chunk == null || chunk.getType() != Type.BYTE_ARRAY) {
      throw new IOException("row group " + group + " lacks column " + column.name);
    }
    long from = chunk.getData_page_offset();
    if (chunk.isSetDictionary_page_offset() && chunk.getDictionary_page_offset() > 0) {
      from = Math.min(from, chunk.getDictionary_page_offset());
    }
    long length = chunk.getTotal_compressed_size();
    if (from < 4 || length < 0 || from > end || length > end - from) {
      throw new IOException(
          "row group " + group + ": column " + column.name + " reaches into the footer");
    }
    ParquetPages.requireReadable(chunk.getCodec());
    ParquetValues.requireReadable(chunk.getEncodings());
    ParquetPages pages = new ParquetPages(file, from, from + length, chunk.getCodec());
    return new ParquetValues(pages, column.depth);
  }
}
