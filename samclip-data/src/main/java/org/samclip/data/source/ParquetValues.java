package org.samclip.data.source;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.apache.parquet.format.DataPageHeader;
import org.apache.parquet.format.DataPageHeaderV2;
import org.apache.parquet.format.DictionaryPageHeader;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.format.PageHeader;

/**
 * The values of one column in one row group, in order. Reads the encodings that byte arrays have by
 * default everywhere, plain and by dictionary; memory holds one value, the dictionary and a page's
 * levels.
 */
final class ParquetValues implements AutoCloseable {

  /** Levels of a page, or a whole dictionary; writers end dictionaries at 1 MiB. */
  private static final int MAX_HELD = 64 << 20;

  private static final Set<Encoding> LEVELS = EnumSet.of(Encoding.RLE);
  private static final Set<Encoding> ENTRIES =
      EnumSet.of(Encoding.PLAIN, Encoding.PLAIN_DICTIONARY);
  private static final Set<Encoding> VALUES =
      EnumSet.of(Encoding.PLAIN, Encoding.PLAIN_DICTIONARY, Encoding.RLE_DICTIONARY);

  /** With what old writers say of levels that are not there. */
  private static final Set<Encoding> READABLE =
      EnumSet.of(
          Encoding.PLAIN,
          Encoding.PLAIN_DICTIONARY,
          Encoding.RLE_DICTIONARY,
          Encoding.RLE,
          Encoding.BIT_PACKED);

  /**
   * A value.
   *
   * @param size its bytes; -1: there is none in this row
   * @param bytes null if there is none or it is too large
   */
  record Value(int size, byte[] bytes) {
    static final Value NONE = new Value(-1, null);
  }

  private final ParquetPages pages;
  private final int depth;
  private byte[][] dictionary = {};
  private int left;
  private RunLengthNumbers levels;
  private InputStream plain;
  private RunLengthNumbers places;

  /**
   * @param pages of the column
   * @param depth definition level of a value
   */
  ParquetValues(ParquetPages pages, int depth) {
    this.pages = pages;
    this.depth = depth;
  }

  /**
   * The next row's value.
   *
   * @param most bytes that are wanted; a larger value is passed over
   */
  Value next(long most) throws IOException {
    while (left == 0) {
      nextPage();
    }
    left--;
    if (levels != null && levels.next() != depth) {
      return Value.NONE;
    }
    if (places == null) {
      return value(plain, most);
    }
    int place = places.next();
    if (place < 0 || place >= dictionary.length) {
      throw new IOException("entry " + place + " of a dictionary of " + dictionary.length);
    }
    byte[] entry = dictionary[place];
    return new Value(entry.length, entry.length > most ? null : entry);
  }

  private static Value value(InputStream in, long most) throws IOException {
    int size = number(in);
    if (size < 0) {
      throw new IOException("value of " + size + " bytes");
    }
    if (size > most) {
      in.skipNBytes(size);
      return new Value(size, null);
    }
    return new Value(size, bytes(in, size));
  }

  private static int number(InputStream in) throws IOException {
    byte[] bytes = bytes(in, 4);
    return (bytes[0] & 0xFF)
        | (bytes[1] & 0xFF) << 8
        | (bytes[2] & 0xFF) << 16
        | (bytes[3] & 0xFF) << 24;
  }

  /** Allocates only what is there. */
  private static byte[] bytes(InputStream in, int count) throws IOException {
    byte[] bytes = in.readNBytes(count);
    if (bytes.length < count) {
      throw new EOFException("a page ends within its values");
    }
    return bytes;
  }

  private void nextPage() throws IOException {
    PageHeader header = pages.next();
    if (header.isSetDictionary_page_header()) {
      readDictionary(header.getDictionary_page_header());
    } else if (header.isSetData_page_header()) {
      DataPageHeader data = header.getData_page_header();
      InputStream in = pages.unpacked();
      if (depth > 0) {
        require(data.getDefinition_level_encoding(), LEVELS);
        startLevels(in, number(in));
      }
      startValues(in, data.getEncoding(), data.getNum_values());
    } else if (header.isSetData_page_header_v2()) {
      DataPageHeaderV2 data = header.getData_page_header_v2();
      // Levels are never packed here.
      pages.stored().skipNBytes(Math.max(0, data.getRepetition_levels_byte_length()));
      startLevels(pages.stored(), data.getDefinition_levels_byte_length());
      boolean stored = data.isSetIs_compressed() && !data.isIs_compressed();
      InputStream in = stored ? pages.stored() : pages.unpacked();
      startValues(in, data.getEncoding(), data.getNum_values());
    }
  }

  private void readDictionary(DictionaryPageHeader header) throws IOException {
    InputStream in = pages.unpacked();
    require(header.getEncoding(), ENTRIES);
    int count = header.getNum_values();
    if (count < 0 || count > MAX_HELD / 16) {
      throw new IOException("dictionary of " + count + " entries, allowed: " + MAX_HELD / 16);
    }
    dictionary = new byte[count][];
    long held = 0;
    for (int i = 0; i < count; i++) {
      Value entry = value(in, MAX_HELD - held);
      held += entry.size();
      if (held > MAX_HELD) {
        throw new IOException("dictionary of more than " + MAX_HELD + " bytes");
      }
      dictionary[i] = entry.bytes();
    }
  }

  private void startLevels(InputStream in, int length) throws IOException {
    if (length < 0 || length > MAX_HELD) {
      throw new IOException("levels of " + length + " bytes, allowed: 0.." + MAX_HELD);
    }
    byte[] bytes = bytes(in, length);
    int width = Integer.SIZE - Integer.numberOfLeadingZeros(depth);
    levels = depth == 0 ? null : new RunLengthNumbers(new ByteArrayInputStream(bytes), width);
  }

  private void startValues(InputStream in, Encoding encoding, int count) throws IOException {
    if (count < 0) {
      throw new IOException("page of " + count + " values");
    }
    require(encoding, VALUES);
    left = count;
    plain = in;
    places = null;
    if (encoding != Encoding.PLAIN) {
      // A page of empty values has not even the width.
      places = new RunLengthNumbers(in, Math.max(0, in.read()));
    }
  }

  private static void require(Encoding found, Set<Encoding> allowed) throws IOException {
    if (!allowed.contains(found)) {
      throw new IOException("encoded as " + found + ", allowed here: " + allowed);
    }
  }

  /**
   * @param encodings what a footer says of values and levels together
   * @throws IOException if there is one that is not read
   */
  static void requireReadable(List<Encoding> encodings) throws IOException {
    for (Encoding encoding : encodings) {
      require(encoding, READABLE);
    }
  }

  @Override
  public void close() throws IOException {
    pages.close();
  }
}
