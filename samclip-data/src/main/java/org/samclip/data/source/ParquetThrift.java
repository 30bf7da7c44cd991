package org.samclip.data.source;

import java.io.IOException;
import java.io.InputStream;
import shaded.parquet.org.apache.thrift.TBase;
import shaded.parquet.org.apache.thrift.TException;
import shaded.parquet.org.apache.thrift.protocol.TCompactProtocol;
import shaded.parquet.org.apache.thrift.transport.TIOStreamTransport;

/** Reads Parquet's headers, which are Thrift structures, without believing the sizes they state. */
final class ParquetThrift {

  private ParquetThrift() {}

  /**
   * @param into an empty structure, which is filled
   * @param limit bytes of the longest string and entries of the longest list; the library would
   *     allocate what is stated before it sees that the file is too short for it
   */
  static <T extends TBase<?, ?>> T read(T into, InputStream in, int limit) throws IOException {
    try {
      into.read(new TCompactProtocol(new TIOStreamTransport(in), limit, limit));
      return into;
    } catch (TException e) {
      throw new IOException("damaged header (" + e.getMessage() + ")", e);
    }
  }
}
