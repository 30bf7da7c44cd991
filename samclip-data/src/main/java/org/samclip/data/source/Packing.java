package org.samclip.data.source;

import com.github.luben.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarUtils;

/**
 * How an archive is packed. Its first bytes tell, as names often lie: SA-1B's {@code .tar} files
 * are gzip for many, and what a server or a browser saved may be no archive at all.
 */
enum Packing {
  /** Not packed. */
  TAR("a tar archive"),
  GZIP("packed with gzip", "1f8b"),
  /** With or without a frame to be skipped before it, as pzstd writes it. */
  ZSTD("packed with zstd", "28b52ffd", "5.2a4d18"),
  BZIP2("packed with bzip2", "425a68..314159265359", "425a68..177245385090"),
  XZ("packed with xz", "fd377a585a00"),
  LZMA("packed with lzma", "5d0000...."),
  LZIP("packed with lzip", "4c5a4950"),
  LZ4("packed with lz4", "04224d18"),
  COMPRESS("packed with compress (.Z)", "1f9d"),
  ZIP("a zip archive", "504b0304", "504b0506", "504b0708"),
  SEVEN_ZIP("a 7z archive", "377abcaf271c"),
  RAR("a rar archive", "526172211a07"),
  PARQUET("a Parquet file (source: parquet reads those)", "50415231"),
  POINTER(
      "a pointer of Git LFS in place of the file (git lfs pull fetches it)",
      text("version https://git-lfs")),
  PAGE("a web page in place of an archive", text("<!doctype"), text("<html"), text("<?xml")),
  /** No bytes at all, as an interrupted download leaves it. */
  NOTHING("empty, without a single byte; fetch the file again"),
  OTHER("neither a tar archive nor packed in a known way; if it should be, fetch the file again");

  /** A tar header; more than any signature needs. */
  static final int HEAD = 512;

  private static final String ALLOWED =
      "; allowed: tar archives, plain or packed with gzip or zstd, under any name";

  private static final int BUFFER = 1 << 16;

  // The window is what unpacking keeps in native memory; 128 MiB is zstd's own limit.
  private static final int MAX_ZSTD_WINDOW_LOG = 27;

  private final String what;
  private final String[] signatures;

  /**
   * @param what completes "the file is"
   * @param signatures first bytes in hexadecimal, with a dot for any digit
   */
  Packing(String what, String... signatures) {
    this.what = what;
    this.signatures = signatures;
  }

  /** An archive that is something else. */
  static final class NotRead extends IOException {
    private static final long serialVersionUID = 1L;

    private NotRead(String message) {
      super(message);
    }
  }

  private static String text(String beginning) {
    return HexFormat.of().formatHex(beginning.getBytes(StandardCharsets.US_ASCII));
  }

  /**
   * @param head the first {@link #HEAD} bytes, or all where there are fewer
   */
  static Packing of(byte[] head) {
    // First, as the name of an archive's first member may look like anything.
    if (isTar(head)) {
      return TAR;
    }
    // Tags are written in capitals as well.
    byte[] beginning = Arrays.copyOf(head, Math.min(head.length, 32));
    String exact = HexFormat.of().formatHex(beginning);
    String lower =
        text(new String(beginning, StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT));
    for (Packing packing : values()) {
      for (String signature : packing.signatures) {
        String hex = packing == PAGE ? lower : exact;
        if (hex.length() >= signature.length()
            && hex.substring(0, signature.length()).matches(signature)) {
          return packing;
        }
      }
    }
    return head.length == 0 ? NOTHING : OTHER;
  }

  private static boolean isTar(byte[] head) {
    if (head.length < HEAD) {
      return false;
    }
    boolean endMark = Arrays.equals(head, new byte[HEAD]);
    // Either would do: old archives have no mark, and a damaged header may have kept its own.
    return endMark || TarArchiveInputStream.matches(head, head.length) || sumIsRight(head);
  }

  private static boolean sumIsRight(byte[] header) {
    try {
      return TarUtils.verifyCheckSum(header);
    } catch (IllegalArgumentException e) {
      // Where the sum should be there is no number.
      return false;
    }
  }

  /** Looks at a file's beginning; its position stays. */
  static Packing of(FileChannel file) throws IOException {
    ByteBuffer head = ByteBuffer.allocate(HEAD);
    while (head.hasRemaining() && file.read(head, head.position()) >= 0) {}
    return of(Arrays.copyOf(head.array(), head.position()));
  }

  /**
   * The tar archive in a stream.
   *
   * @throws NotRead if it is packed in a way that is not read, or no archive
   */
  static InputStream unpack(InputStream packed) throws IOException {
    byte[] head = packed.readNBytes(HEAD);
    PushbackInputStream whole = new Whole(packed);
    whole.unread(head);
    Packing packing = of(head);
    return switch (packing) {
      case TAR -> whole;
      case GZIP -> new GZIPInputStream(whole, BUFFER);
      case ZSTD -> new ZstdInputStream(whole).setContinuous(false).setLongMax(MAX_ZSTD_WINDOW_LOG);
      default -> throw packing.notRead();
    };
  }

  /**
   * What was looked at and the rest. pigz and bgzip write several members, and the JDK goes on to
   * the next one only where more is available, which over a network is not known.
   */
  private static final class Whole extends PushbackInputStream {

    Whole(InputStream rest) {
      super(rest, HEAD);
    }

    @Override
    public int available() {
      return 1;
    }
  }

  /** Refuses what is no plain tar by what it is. */
  NotRead notRead() {
    return new NotRead("the file is " + what + ALLOWED);
  }

  /** Refuses what a packed file turned out to hold. */
  NotRead notReadInside() {
    return new NotRead("unpacked, the file is " + what + ALLOWED + ", packed once");
  }
}
