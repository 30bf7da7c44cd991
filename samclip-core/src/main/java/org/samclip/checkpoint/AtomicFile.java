package org.samclip.checkpoint;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.atomic.AtomicLong;
import org.samclip.UserError;

/**
 * Writes whole files so that a reader sees the old content or the new one, never a part. The bytes
 * go to a file beside the target and reach the disk before the rename; the rename reaches the disk
 * before the method returns. So a crash at any point leaves a complete file, and at worst a
 * left-over {@code .NAME.*.tmp}.
 */
public final class AtomicFile {

  private static final int BUFFER = 1 << 20;
  private static final AtomicLong COUNTER = new AtomicLong();

  private AtomicFile() {}

  /** Takes a value and may fail with an I/O error. */
  @FunctionalInterface
  public interface IOConsumer<T> {
    /**
     * @param value what to use
     * @throws IOException if reading or writing fails
     */
    void accept(T value) throws IOException;
  }

  /**
   * Replaces or creates a file; makes its folders when they are missing.
   *
   * @param path the file; a symbolic link is replaced, not followed
   * @param content writes everything to the stream, which is buffered and closed afterwards
   * @throws UserError if the file cannot be written; the old content stays
   */
  public static void write(Path path, IOConsumer<OutputStream> content) {
    Path target = path.toAbsolutePath().normalize();
    Path folder = target.getParent();
    if (folder == null || Files.isDirectory(target)) {
      throw new UserError("cannot write " + path + ": it is a folder, a file name is needed");
    }
    Path aside = null;
    try {
      Files.createDirectories(folder);
      aside = createAside(target);
      try (FileChannel channel = FileChannel.open(aside, StandardOpenOption.WRITE)) {
        OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER);
        content.accept(out);
        out.flush();
        channel.force(true);
      }
      rename(aside, target);
      aside = null;
      forceFolder(folder);
    } catch (IOException e) {
      throw new UserError("cannot write " + path + ": " + e, e);
    } finally {
      deleteQuietly(aside);
    }
  }

  /**
   * Replaces or creates a text file in UTF-8.
   *
   * @param path the file
   * @param text its whole content
   * @throws UserError if the file cannot be written; the old content stays
   */
  public static void writeString(Path path, String text) {
    write(path, out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
  }

  /** Creates a new file beside the target, with the usual permissions. */
  private static Path createAside(Path target) throws IOException {
    while (true) {
      String suffix = ProcessHandle.current().pid() + "-" + COUNTER.incrementAndGet();
      Path aside = target.resolveSibling("." + target.getFileName() + "." + suffix + ".tmp");
      try {
        return Files.createFile(aside);
      } catch (FileAlreadyExistsException e) {
        // Left by a crashed process that had the same number: the next name is tried.
      }
    }
  }

  private static void rename(Path aside, Path target) throws IOException {
    try {
      Files.move(aside, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      throw new IOException("the file system cannot rename atomically", e);
    }
  }

  /** The rename itself is durable once the folder is; Windows cannot open folders and needs not. */
  private static void forceFolder(Path folder) throws IOException {
    if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  private static void deleteQuietly(Path aside) {
    if (aside != null) {
      // The first failure is the one to report; File.delete does not throw over it.
      aside.toFile().delete();
    }
  }
}
