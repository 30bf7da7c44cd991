package org.samclip.data.source;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.samclip.UserError;

/**
 * Opens archives for reading at random. A plain tar on disk is read where it is. One that is
 * compressed or comes over the network is unpacked once into a temporary file, as shuffling asks
 * for its samples in any order, and neither unpacking again for each sample nor a whole shard in
 * memory would do. The files least recently used go first when they take more than the limit; those
 * being read stay, so a little more than the limit can be in use. They have no name on disk (on
 * systems that allow it), so that nothing is left behind by a run that is killed. Safe for use by
 * several threads.
 */
public final class ShardStore implements AutoCloseable {

  /** 32 GiB: two or three archives of SA-1B. */
  public static final long DEFAULT_MAX_BYTES = 32L << 30;

  private static final int BUFFER = 1 << 18;

  private final Path folder;
  private final long maxBytes;
  private final HttpSettings http;
  private final Map<String, Spool> spools = new LinkedHashMap<>(16, .75f, true);
  private HttpClient client;
  private long used;

  /** What is done with an archive's bytes. */
  interface Use<T> {
    /**
     * @param archive the whole archive, to be read by position
     * @param cut why it ends early, or null
     */
    T apply(FileChannel archive, IOException cut) throws IOException;
  }

  /** Makes of a shard what is read at random. */
  interface Unpacking {
    /** May throw at a damage; what was written before it is kept. */
    void into(Sink out) throws IOException;
  }

  /** A temporary file that is being written. */
  interface Sink {
    /**
     * @throws Full if the file would be larger than allowed
     */
    void write(ByteBuffer bytes, long position) throws IOException;
  }

  /** An archive was found, but its bytes cannot be unpacked from some place on. */
  private static final class Damage extends IOException {
    private static final long serialVersionUID = 1L;

    Damage(Exception cause) {
      super(cause.getMessage() == null ? cause.toString() : cause.getMessage(), cause);
    }
  }

  /** An archive is larger than all temporary files may be. */
  static final class Full extends IOException {
    private static final long serialVersionUID = 1L;

    Full(long maxBytes) {
      super("more than " + maxBytes + " bytes unpacked, the limit of temporary files");
    }
  }

  /**
   * @param folder for temporary files, or {@code null} for the system's
   * @param maxBytes of temporary files; also the largest archive that is unpacked
   * @param http how patient the network is read
   */
  public ShardStore(Path folder, long maxBytes, HttpSettings http) {
    if (maxBytes < 1) {
      throw new UserError("spool: " + maxBytes + " bytes, allowed: at least 1");
    }
    this.folder = folder;
    this.maxBytes = maxBytes;
    this.http = http;
  }

  /** With the system's folder for temporary files and the default limits. */
  public ShardStore() {
    this(null, DEFAULT_MAX_BYTES, HttpSettings.DEFAULT);
  }

  /**
   * Lets an archive be read, however it is packed.
   *
   * @throws Packing.NotRead if it is no tar archive, or packed in a way that is not read
   * @throws IOException if nothing of it can be had
   */
  <T> T with(Shard shard, Use<T> use) throws IOException {
    if (!shard.isRemote()) {
      try (FileChannel channel = FileChannel.open(shard.path(), StandardOpenOption.READ)) {
        if (Packing.of(channel) == Packing.TAR) {
          return use.apply(channel, null);
        }
      }
    }
    return with(shard, out -> copy(shard, out), use);
  }

  /**
   * Lets a shard be read that is unpacked in its own way; always the same one for the same shard.
   *
   * @throws IOException if nothing of it can be had
   */
  <T> T with(Shard shard, Unpacking unpacking, Use<T> use) throws IOException {
    try {
      return spooled(shard, unpacking, use);
    } catch (ClosedByInterruptException e) {
      throw e;
    } catch (ClosedChannelException e) {
      // Another thread was interrupted while it read from the same file, which closes it.
      return spooled(shard, unpacking, use);
    }
  }

  private void copy(Shard shard, Sink out) throws IOException {
    try (InputStream packed = open(shard);
        InputStream plain = Packing.unpack(packed)) {
      byte[] buffer = new byte[BUFFER];
      long written = 0;
      for (int n = read(plain, buffer); n >= 0; n = read(plain, buffer)) {
        out.write(ByteBuffer.wrap(buffer, 0, n), written);
        written += n;
      }
    }
  }

  /** Unpackers answer damaged bytes with nearly any exception, some without a word. */
  private static int read(InputStream plain, byte[] buffer) throws IOException {
    try {
      return plain.read(buffer);
    } catch (InterruptedIOException | ClosedByInterruptException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw new Damage(e);
    }
  }

  private <T> T spooled(Shard shard, Unpacking unpacking, Use<T> use) throws IOException {
    Spool spool = lease(shard);
    try {
      spool.fill(unpacking);
      return use.apply(spool.channel, spool.cut);
    } finally {
      release(spool);
    }
  }

  private synchronized Spool lease(Shard shard) {
    Spool spool = spools.get(shard.location());
    if (spool == null || spool.isGone()) {
      if (spool != null) {
        drop(spool);
      }
      spool = new Spool(shard);
      spools.put(shard.location(), spool);
    }
    spool.leases++;
    return spool;
  }

  private synchronized void release(Spool spool) {
    spool.leases--;
    if (spool.leases == 0 && (spool.isUseless() || spools.get(spool.shard.location()) != spool)) {
      spools.remove(spool.shard.location(), spool);
      drop(spool);
    }
    makeRoom();
  }

  private synchronized void grow(Spool spool, long size) {
    used += Math.max(0, size - spool.size);
    spool.size = Math.max(size, spool.size);
    makeRoom();
  }

  private synchronized void shrink(Spool spool) {
    used -= spool.size;
    spool.size = 0;
  }

  private void makeRoom() {
    Iterator<Spool> eldest = spools.values().iterator();
    while (used > maxBytes && eldest.hasNext()) {
      Spool spool = eldest.next();
      if (spool.leases == 0) {
        eldest.remove();
        drop(spool);
      }
    }
  }

  private void drop(Spool spool) {
    shrink(spool);
    spool.discard();
  }

  /** Bytes of temporary files at the moment. */
  synchronized long used() {
    return used;
  }

  /** Frees all temporary files; the store can be used again afterwards. */
  @Override
  public synchronized void close() {
    spools.values().forEach(this::drop);
    spools.clear();
  }

  private InputStream open(Shard shard) throws IOException {
    if (!shard.isRemote()) {
      return Files.newInputStream(shard.path());
    }
    return new HttpShardStream(client(), URI.create(shard.location()), http);
  }

  private synchronized HttpClient client() {
    if (client == null) {
      client =
          HttpClient.newBuilder()
              .connectTimeout(http.connect())
              .followRedirects(HttpClient.Redirect.NORMAL)
              .build();
    }
    return client;
  }

  /** One archive, unpacked. */
  private final class Spool {

    private final Shard shard;
    private volatile FileChannel channel;
    private volatile IOException cut;
    private volatile boolean filled;
    // Guarded by the store.
    private long size;
    private int leases;

    Spool(Shard shard) {
      this.shard = shard;
    }

    /** Unpacks, unless it is done already; keeps what came before a damage. */
    synchronized void fill(Unpacking unpacking) throws IOException {
      if (!filled) {
        shrink(this);
        channel = temporary();
        try {
          unpacking.into(this::write);
        } catch (InterruptedIOException | ClosedByInterruptException e) {
          discard();
          throw e;
        } catch (IOException e) {
          cut = e;
        } catch (UserError e) {
          throw e;
        } catch (RuntimeException e) {
          cut = new IOException("damaged archive (" + e + ")", e);
        }
        filled = true;
      }
      if (channel.size() == 0 && cut != null && !(cut instanceof Damage)) {
        throw cut;
      }
    }

    /** A full disk is not the shard's fault: it ends the run. */
    private void write(ByteBuffer bytes, long position) throws IOException {
      long end = position + bytes.remaining();
      if (end > maxBytes) {
        throw new Full(maxBytes);
      }
      try {
        while (bytes.hasRemaining()) {
          channel.write(bytes, end - bytes.remaining());
        }
      } catch (ClosedByInterruptException e) {
        throw e;
      } catch (IOException e) {
        throw new UserError(
            "cannot write a temporary file for "
                + shard.location()
                + " ("
                + e.getMessage()
                + "); make room or name another folder",
            e);
      }
      grow(this, end);
    }

    private FileChannel temporary() {
      try {
        Path file =
            folder == null
                ? Files.createTempFile("samclip-", ".tar")
                : Files.createTempFile(Files.createDirectories(folder), "samclip-", ".tar");
        // Where an open file cannot be deleted by name, it goes when it is closed.
        boolean posix = file.getFileSystem().supportedFileAttributeViews().contains("posix");
        FileChannel opened =
            posix
                ? FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)
                : FileChannel.open(
                    file,
                    StandardOpenOption.READ,
                    StandardOpenOption.WRITE,
                    StandardOpenOption.DELETE_ON_CLOSE);
        if (posix) {
          Files.delete(file);
        }
        return opened;
      } catch (IOException e) {
        throw new UserError(
            (folder == null ? "the system's folder for temporary files" : folder)
                + ": cannot make a file there ("
                + e
                + ")",
            e);
      }
    }

    boolean isGone() {
      return filled && !channel.isOpen();
    }

    /** Whether a further try may give more. */
    boolean isUseless() {
      return !filled || cut != null && size == 0;
    }

    void discard() {
      if (channel != null) {
        try {
          channel.close();
        } catch (IOException e) {
          throw new UserError("cannot close a temporary file of " + shard.location(), e);
        }
      }
    }
  }
}
