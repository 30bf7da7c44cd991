package org.samclip.data.source;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A web server on loopback that serves files well or badly. */
final class ShardServer implements AutoCloseable {

  /** How a file is served. */
  enum Manner {
    /** With range requests. */
    SOUND,
    /** Every answer is the whole file. */
    WITHOUT_RANGES,
    /** The first answer ends half way. */
    CLOSES_ONCE,
    /** The first answer stops half way and says nothing more. */
    STALLS_ONCE,
    /** Every answer says nothing more after the headers. */
    STALLS,
    /** Two answers of 503, then sound. */
    BUSY,
    /** Another file from the second answer on. */
    CHANGES,
    /** A web page. */
    PAGE,
    /** 404. */
    ABSENT
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final ConcurrentHashMap<String, Integer> answers = new ConcurrentHashMap<>();

  /** The Range headers seen, in order; empty texts for requests without one. */
  final List<String> ranges = new CopyOnWriteArrayList<>();

  ShardServer() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.start();
  }

  String serve(String name, byte[] content, Manner manner) {
    server.createContext(
        "/" + name,
        exchange -> {
          try (exchange) {
            answer(exchange, content, manner, answers.merge(name, 1, Integer::sum));
          }
        });
    return "http://127.0.0.1:" + server.getAddress().getPort() + "/" + name;
  }

  private void answer(HttpExchange exchange, byte[] content, Manner manner, int number)
      throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    ranges.add(range == null ? "" : range);
    boolean first = number == 1;
    if (manner == Manner.ABSENT || manner == Manner.BUSY && number <= 2) {
      exchange.sendResponseHeaders(manner == Manner.BUSY ? 503 : 404, -1);
      return;
    }
    boolean page = manner == Manner.PAGE;
    exchange.getResponseHeaders().set("Content-Type", page ? "text/html" : "application/x-tar");
    String version = manner == Manner.CHANGES ? "\"" + number + "\"" : "\"v\"";
    exchange.getResponseHeaders().set("ETag", version);
    int from = 0;
    if (range != null && manner != Manner.WITHOUT_RANGES && manner != Manner.CHANGES) {
      from = Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
      exchange
          .getResponseHeaders()
          .set(
              "Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
    }
    exchange.sendResponseHeaders(from > 0 ? 206 : 200, content.length - from);
    boolean half =
        first
            && List.of(
                    Manner.CLOSES_ONCE, Manner.STALLS_ONCE, Manner.WITHOUT_RANGES, Manner.CHANGES)
                .contains(manner);
    int to = half ? content.length / 2 : manner == Manner.STALLS ? from : content.length;
    OutputStream out = exchange.getResponseBody();
    out.write(content, from, to - from);
    out.flush();
    if (manner == Manner.STALLS || first && manner == Manner.STALLS_ONCE) {
      await();
    }
    if (to < content.length) {
      throw new IOException("the connection breaks");
    }
  }

  private void await() {
    try {
      closing.await();
    } catch (InterruptedException e) {
      throw new UncheckedIOException(new IOException(e));
    }
  }

  @Override
  public void close() {
    closing.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
