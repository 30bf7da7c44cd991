package org.samclip.data.prepare;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.concurrent.ConcurrentSkipListMap;
import org.samclip.UserError;
import org.samclip.checkpoint.ContentHash;

/**
 * A folder that is filled under another name beside its place and moved there when it is complete.
 * What an interrupted run has left is removed by the next one. Keeps size and SHA-256 of each file.
 */
public final class AsideFolder implements AutoCloseable {

  private static final String LOCK = ".lock";

  private record Entry(long bytes, String sha256) {}

  private final Path place;
  private final Path aside;
  private final ConcurrentSkipListMap<String, Entry> entries = new ConcurrentSkipListMap<>();
  private final FileChannel lockFile;
  private boolean moved;

  /**
   * @param place where the folder shall be; must not exist, or be empty
   * @throws UserError if another run is writing there
   * @throws IOException if the disk refuses
   */
  public AsideFolder(Path place) throws IOException {
    this.place = place.toAbsolutePath().normalize();
    this.aside = this.place.resolveSibling("." + this.place.getFileName() + ".part");
    Files.createDirectories(aside);
    lockFile =
        FileChannel.open(aside.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (!lock(lockFile)) {
      lockFile.close();
      throw new UserError(
          place + ": another run is writing there (" + aside + "); wait for it or choose another");
    }
    remove(aside, true);
  }

  private static boolean lock(FileChannel file) throws IOException {
    try {
      FileLock lock = file.tryLock();
      return lock != null;
    } catch (OverlappingFileLockException e) {
      // Another writer in this process holds it.
      return false;
    }
  }

  /**
   * Writes a small file; may be called by many threads. It is not forced to the disk, which would
   * cost more than making it; a file that a power failure has cut is found by its size.
   *
   * @param name relative path, with {@code /}
   * @param content whole
   * @throws IOException if the disk refuses
   */
  public void write(String name, byte[] content) throws IOException {
    Path file = aside.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, content);
    entries.put(name, new Entry(content.length, hex(ContentHash.newDigest().digest(content))));
  }

  /**
   * Opens a file that is on the disk, and counts as written, when the stream is closed.
   *
   * @param name relative path, with {@code /}
   * @return takes the content
   * @throws IOException if the disk refuses
   */
  public OutputStream open(String name) throws IOException {
    Path file = aside.resolve(name);
    Files.createDirectories(file.getParent());
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    MessageDigest digest = ContentHash.newDigest();
    OutputStream out = new DigestOutputStream(Channels.newOutputStream(channel), digest);
    return new FilterOutputStream(out) {
      @Override
      public void write(byte[] bytes, int from, int length) throws IOException {
        out.write(bytes, from, length);
      }

      @Override
      public void close() throws IOException {
        if (channel.isOpen()) {
          channel.force(true);
          entries.put(name, new Entry(channel.size(), hex(digest.digest())));
          channel.close();
        }
      }
    };
  }

  /**
   * Adds path, bytes and SHA-256 of each file so far, in the order of the paths.
   *
   * @param files takes one object for each file
   */
  public void list(ArrayNode files) {
    entries.forEach(
        (name, entry) -> {
          ObjectNode file = files.addObject();
          file.put("path", name);
          file.put("bytes", entry.bytes);
          file.put("sha256", entry.sha256);
        });
  }

  /**
   * Moves the folder to its place.
   *
   * @throws IOException if something is there by now, or the disk refuses
   */
  public void moveToPlace() throws IOException {
    lockFile.close();
    Files.delete(aside.resolve(LOCK));
    Files.deleteIfExists(place);
    Files.move(aside, place, StandardCopyOption.ATOMIC_MOVE);
    moved = true;
  }

  /** Removes what was written, unless it was moved to its place. */
  @Override
  public void close() throws IOException {
    if (!moved) {
      try (lockFile) {
        remove(aside, false);
      }
    }
  }

  private static void remove(Path folder, boolean keepLock) throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (!keepLock || !file.equals(folder.resolve(LOCK))) {
              Files.delete(file);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, IOException error)
              throws IOException {
            if (error != null) {
              throw error;
            }
            if (!keepLock || !visited.equals(folder)) {
              Files.delete(visited);
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static String hex(byte[] digest) {
    return HexFormat.of().formatHex(digest);
  }
}
