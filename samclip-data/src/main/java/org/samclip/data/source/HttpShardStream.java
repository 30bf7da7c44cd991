package org.samclip.data.source;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Flow;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The content of a web address from beginning to end. A connection that breaks or stalls is made
 * again where it stopped (a range request; where the server knows none, the beginning is read over
 * once more and dropped). Answers that cannot become better, such as 404 or a web page in place of
 * an archive, fail at once.
 */
final class HttpShardStream extends InputStream {

  private static final Logger LOG = LoggerFactory.getLogger(HttpShardStream.class);

  private static final ByteBuffer END = ByteBuffer.allocate(0);

  private final HttpClient client;
  private final URI address;
  private final HttpSettings settings;

  private ByteQueue body;
  private ByteBuffer current = END;
  private long position;
  private long total = -1;
  private String version;
  private int failures;

  HttpShardStream(HttpClient client, URI address, HttpSettings settings) {
    this.client = client;
    this.address = address;
    this.settings = settings;
  }

  /** A failure that further tries would only repeat. */
  private static final class Refused extends IOException {
    private static final long serialVersionUID = 1L;

    Refused(String message) {
      super(message);
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] to, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (true) {
      try {
        if (body == null) {
          connect();
        }
        while (!current.hasRemaining()) {
          current = body.take(settings.stall());
          if (current == null) {
            if (total >= 0 && position < total) {
              throw new IOException("closed after " + position + " of " + total + " bytes");
            }
            current = END;
            return -1;
          }
        }
        int count = Math.min(length, current.remaining());
        current.get(to, offset, count);
        position += count;
        failures = 0;
        return count;
      } catch (Refused | InterruptedIOException e) {
        throw e;
      } catch (IOException e) {
        again(e);
      }
    }
  }

  private void again(IOException failure) throws IOException {
    disconnect();
    if (++failures > settings.retries()) {
      throw new IOException(
          address + ": gave up after " + failures + " tries (" + failure.getMessage() + ")",
          failure);
    }
    Duration pause = settings.pause().multipliedBy(1L << Math.min(20, failures - 1));
    LOG.warn(
        "{}: {} at byte {}; trying again in {} ms",
        address,
        failure.getMessage(),
        position,
        pause.toMillis());
    try {
      Thread.sleep(pause.toMillis());
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  private static InterruptedIOException interrupted() {
    Thread.currentThread().interrupt();
    return new InterruptedIOException("interrupted while reading");
  }

  private void connect() throws IOException {
    HttpRequest.Builder request = HttpRequest.newBuilder(address).timeout(settings.stall());
    if (position > 0) {
      request.header("Range", "bytes=" + position + "-");
      if (version != null) {
        request.header("If-Range", version);
      }
    }
    HttpResponse<Flow.Publisher<List<ByteBuffer>>> response;
    try {
      response = client.send(request.build(), BodyHandlers.ofPublisher());
    } catch (InterruptedException e) {
      throw interrupted();
    }
    body = new ByteQueue();
    response.body().subscribe(body);
    int status = response.statusCode();
    if (status == 404 || status == 410) {
      throw new Refused(address + ": not there (HTTP " + status + "); check the address");
    }
    if (status >= 500 || status == 429 || status == 408) {
      throw new IOException("HTTP " + status);
    }
    if (status != 200 && status != 206) {
      throw new Refused(address + ": HTTP " + status + "; allowed: files that need no login");
    }
    String type = response.headers().firstValue("Content-Type").orElse("");
    if (type.startsWith("text/html")) {
      throw new Refused(
          address
              + ": answers with a web page ("
              + type
              + "), not with an archive; check the address");
    }
    check(response, status);
    if (status == 200 && position > 0) {
      drop(position);
    }
  }

  /** Whether this is still the file whose beginning was read. */
  private void check(HttpResponse<?> response, int status) throws IOException {
    long length = response.headers().firstValueAsLong("Content-Length").orElse(-1);
    String range = response.headers().firstValue("Content-Range").orElse("");
    if (status == 206 && !range.startsWith("bytes " + position + "-")) {
      throw new Refused(address + ": asked for bytes from " + position + ", got \"" + range + "\"");
    }
    long whole = status == 206 && length >= 0 ? position + length : length;
    String now = strongTag(response);
    boolean other =
        total >= 0 && whole >= 0 && whole != total
            || version != null && now != null && !version.equals(now);
    if (position > 0 && other) {
      throw new Refused(address + ": the file changed while it was read");
    }
    total = whole;
    version = now;
  }

  /** Weak tags do not promise equal bytes. */
  private static String strongTag(HttpResponse<?> response) {
    return response.headers().firstValue("ETag").filter(tag -> tag.startsWith("\"")).orElse(null);
  }

  private void drop(long count) throws IOException {
    for (long left = count; left > 0; ) {
      current = body.take(settings.stall());
      if (current == null) {
        current = END;
        throw new IOException("closed before byte " + position);
      }
      int dropped = (int) Math.min(left, current.remaining());
      current.position(current.position() + dropped);
      left -= dropped;
    }
  }

  private void disconnect() {
    current = END;
    if (body != null) {
      body.cancel();
      body = null;
    }
  }

  @Override
  public void close() {
    disconnect();
  }
}
