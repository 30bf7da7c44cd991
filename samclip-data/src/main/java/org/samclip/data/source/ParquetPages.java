package org.samclip.data.source;

import com.github.luben.zstd.ZstdInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.util.EnumSet;
import java.util.Set;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;
import org.apache.commons.compress.compressors.lz4.BlockLZ4CompressorInputStream;
import org.apache.commons.compress.compressors.snappy.SnappyCompressorInputStream;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.PageHeader;

/**
 * The pages of one column in one row group, one after the other. They are unpacked as streams: a
 * page of pictures may be larger than the memory.
 */
final class ParquetPages implements AutoCloseable {

  private static final Set<CompressionCodec> CODECS =
      EnumSet.of(
          CompressionCodec.UNCOMPRESSED,
          CompressionCodec.SNAPPY,
          CompressionCodec.GZIP,
          CompressionCodec.ZSTD,
          CompressionCodec.LZ4_RAW);

  private static final int MAX_HEADER = 1 << 20;
  private static final int MAX_ZSTD_WINDOW_LOG = 27;

  /** Snappy refers back within blocks of this size. */
  private static final int SNAPPY_BLOCK = 1 << 16;

  private final FileChannel file;
  private final long to;
  private final CompressionCodec codec;
  private long next;
  private ChannelRange page;
  private InputStream unpacked = InputStream.nullInputStream();

  ParquetPages(FileChannel file, long from, long to, CompressionCodec codec) {
    this.file = file;
    this.next = from;
    this.to = to;
    this.codec = codec;
  }

  /** Goes to the next page, whatever was read of this one. */
  PageHeader next() throws IOException {
    if (next == to) {
      throw new EOFException("the column ends before its rows");
    }
    ChannelRange in = new ChannelRange(file, next, Math.min(to, next + MAX_HEADER));
    PageHeader header = ParquetThrift.read(new PageHeader(), in, MAX_HEADER);
    int size = header.getCompressed_page_size();
    if (size < 0 || size > to - in.position() || header.getUncompressed_page_size() < 0) {
      throw new IOException("page of " + size + " bytes, where " + (to - in.position()) + " are");
    }
    next = in.position() + size;
    page = new ChannelRange(file, in.position(), next);
    return header;
  }

  /** The page as it is stored. */
  InputStream stored() {
    return page;
  }

  /** What is left of the page, unpacked; valid until the next page. */
  InputStream unpacked() throws IOException {
    unpacked.close();
    // A page without values may be empty, without what its packing begins with.
    unpacked = page.available() == 0 ? page : unpack(page);
    return unpacked;
  }

  private InputStream unpack(InputStream packed) throws IOException {
    return switch (codec) {
      case UNCOMPRESSED -> packed;
      case SNAPPY -> new SnappyCompressorInputStream(packed, SNAPPY_BLOCK);
      case GZIP -> new GzipCompressorInputStream(packed, true);
      case ZSTD -> new ZstdInputStream(packed).setLongMax(MAX_ZSTD_WINDOW_LOG);
      case LZ4_RAW -> new BlockLZ4CompressorInputStream(packed);
      default -> throw new IllegalStateException("packed as " + codec);
    };
  }

  static void requireReadable(CompressionCodec codec) throws IOException {
    if (!CODECS.contains(codec)) {
      throw new IOException("packed as " + codec + ", allowed: " + CODECS);
    }
  }

  @Override
  public void close() throws IOException {
    unpacked.close();
  }
}
