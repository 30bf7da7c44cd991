package org.samclip.data.source;

import com.github.luben.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Locale;
import org.apache.commons.compress.compressors.gzip.GzipCompressorInputStream;

/** How an archive is packed; seen from its name. */
enum Compression {
  NONE {
    @Override
    InputStream unpack(InputStream packed) {
      return packed;
    }
  },
  GZIP {
    @Override
    InputStream unpack(InputStream packed) throws IOException {
      // pigz and bgzip write several members.
      return new GzipCompressorInputStream(packed, true);
    }
  },
  ZSTD {
    @Override
    InputStream unpack(InputStream packed) throws IOException {
      // The window is what unpacking keeps in native memory; 128 MiB is zstd's own limit.
      return new ZstdInputStream(packed).setContinuous(false).setLongMax(MAX_ZSTD_WINDOW_LOG);
    }
  };

  private static final int MAX_ZSTD_WINDOW_LOG = 27;

  abstract InputStream unpack(InputStream packed) throws IOException;

  static Compression of(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    if (lower.endsWith(".gz") || lower.endsWith(".tgz")) {
      return GZIP;
    }
    return lower.endsWith(".zst") || lower.endsWith(".zstd") ? ZSTD : NONE;
  }
}
