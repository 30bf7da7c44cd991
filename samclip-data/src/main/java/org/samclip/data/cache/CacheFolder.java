package org.samclip.data.cache;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.samclip.UserError;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Outputs of frozen networks on disk, a file for each network and size of its rows, within a limit.
 * Runs may share the folder. Where there is no room, files that were not used for the longest time
 * go; files in use stay, and further rows are refused: epochs read rows in turn, so that keeping
 * the first serves more often than keeping the last.
 */
public final class CacheFolder implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(CacheFolder.class);
  private static final String ENDING = ".features";
  private static final int NAME_DIGITS = 16;

  private final Path folder;
  private final long maxBytes;
  private final Map<Path, FeatureFile> open = new HashMap<>();
  private long held;
  private boolean full;

  /**
   * @param folder made if it is missing
   * @param maxBytes of all its files
   * @throws UserError if the folder cannot be made or listed
   */
  public CacheFolder(Path folder, long maxBytes) {
    this.folder = folder;
    this.maxBytes = maxBytes;
    try {
      Files.createDirectories(folder);
      for (Path file : files(folder)) {
        held += Files.size(file);
      }
    } catch (IOException e) {
      throw new UserError(
          "cache: cannot use the folder " + folder + ": " + e + "; give another cache.dir", e);
    }
  }

  /**
   * @param name of the network, for people
   * @param network 64 hexadecimal digits that change with everything its output depends on, but the
   *     input
   * @param rowBytes of each output
   * @return the network's rows, closed with this object; the same for the same network and size
   * @throws UserError if the file cannot be opened
   */
  public FeatureFile open(String name, String network, int rowBytes) {
    String file = name + "-" + network.substring(0, NAME_DIGITS) + "-" + rowBytes + ENDING;
    return open.computeIfAbsent(
        folder.resolve(file),
        path -> {
          long before = size(path);
          touch(path);
          FeatureFile opened = new FeatureFile(this, path, network, rowBytes);
          held += size(path) - before;
          return opened;
        });
  }

  private static long size(Path file) {
    try {
      return Files.exists(file) ? Files.size(file) : 0;
    } catch (IOException e) {
      throw new UserError("cache: cannot read " + file + ": " + e, e);
    }
  }

  /** Before the file is locked: to set the time opens it, and any closing gives POSIX locks up. */
  private static void touch(Path file) {
    try {
      if (Files.exists(file)) {
        Files.setLastModifiedTime(file, FileTime.fromMillis(System.currentTimeMillis()));
      }
    } catch (IOException e) {
      LOG.debug("{}: its time cannot be set, so it may go before others: {}", file, e.toString());
    }
  }

  /** Whether so many bytes may be added to a file. */
  boolean grant(long bytes) {
    while (!full && held + bytes > maxBytes) {
      full = !removeOldest();
    }
    if (full) {
      return false;
    }
    held += bytes;
    return true;
  }

  private boolean removeOldest() {
    try {
      List<Path> oldestFirst = new ArrayList<>(files(folder));
      oldestFirst.removeAll(open.keySet());
      Map<Path, FileTime> times = new HashMap<>();
      for (Path file : oldestFirst) {
        times.put(file, Files.getLastModifiedTime(file));
      }
      oldestFirst.sort(Comparator.comparing(times::get));
      for (Path file : oldestFirst) {
        long size = Files.size(file);
        if (remove(file)) {
          held -= size;
          LOG.info("{}: removed to make room, {} bytes", file, size);
          return true;
        }
      }
    } catch (IOException e) {
      LOG.warn("{}: no room can be made: {}", folder, e.toString());
    }
    LOG.warn(
        "{}: full with {} bytes; further outputs are computed and not kept (cache.max_gib)",
        folder,
        held);
    return false;
  }

  /** Removes a file that nobody writes to. */
  private static boolean remove(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      if (lock == null) {
        return false;
      }
      Files.delete(file);
      return true;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  private static List<Path> files(Path folder) throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder, "*" + ENDING)) {
      all.forEach(files::add);
    }
    return files;
  }

  /** What all open files were asked so far. */
  public CacheUse use() {
    return open.values().stream().map(FeatureFile::use).reduce(CacheUse.NONE, CacheUse::plus);
  }

  /**
   * Removes all that a cache has left in a folder, and the folder if nothing else is in it.
   *
   * @param folder need not be there
   * @throws UserError if a file cannot be removed
   */
  public static void delete(Path folder) {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try {
      for (Path file : files(folder)) {
        Files.delete(file);
      }
      try (DirectoryStream<Path> left = Files.newDirectoryStream(folder)) {
        if (left.iterator().hasNext()) {
          return;
        }
      }
      Files.delete(folder);
    } catch (IOException e) {
      throw new UserError("cannot remove the cache " + folder + ": " + e, e);
    }
  }

  /** Closes all files. */
  @Override
  public void close() {
    open.values().forEach(FeatureFile::close);
    CacheUse use = use();
    if (use.asked() > 0) {
      LOG.info(
          "{}: {} of {} outputs read, {} computed, {} of them not kept, {} were damaged",
          folder,
          use.hits(),
          use.asked(),
          use.misses(),
          use.refused(),
          use.broken());
    }
    open.clear();
  }
}
