package org.samclip.data.replay;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.samclip.TextFile;
import org.samclip.UserError;
import org.samclip.checkpoint.AtomicFile;
import org.samclip.data.source.SampleRef;
import org.samclip.data.source.SampleSource;
import org.samclip.data.source.Shard;

/**
 * What a source held when a run began: for each shard its size and its number of selected samples.
 * With it an epoch can be counted and a position found without listing the shards again, and a
 * resumed run sees whether its data are still the same.
 *
 * @param selection which samples were counted
 * @param duplicateKeys keys of selected samples that occur in several shards; -1: there are too
 *     many keys to compare them
 * @param shards in the order of the source
 */
public record Inventory(Selection selection, long duplicateKeys, List<Entry> shards) {

  private static final String FORMAT = "# samclip inventory 1";
  private static final String DUPLICATES = "# duplicate keys\t";

  /** 8 bytes of memory for each, while shards are counted. */
  private static final long MOST_COMPARED = 10_000_000;

  private record Counted(Entry entry, KeyTally keys) {}

  /**
   * One shard.
   *
   * @param name of the shard
   * @param bytes of the archive; -1 for a folder
   * @param draws places in the order: selected samples, and one for the lost rest of a damaged
   *     archive
   * @param usable those of them whose listing shows nothing wrong
   */
  public record Entry(String name, long bytes, int draws, int usable) {}

  /** Copies the list. */
  public Inventory {
    shards = List.copyOf(shards);
  }

  /**
   * Lists every shard once; of archives only the headers are read.
   *
   * @param source any
   * @param selection which samples
   * @param threads that list
   * @return what is there
   * @throws UserError if a shard cannot be looked at
   */
  public static Inventory of(SampleSource source, Selection selection, int threads) {
    KeyTally keys = new KeyTally();
    List<Callable<Entry>> tasks = new ArrayList<>();
    for (Shard shard : source.shards()) {
      tasks.add(
          () -> {
            Counted counted = count(source, shard, selection);
            synchronized (keys) {
              if (keys.size() <= MOST_COMPARED) {
                keys.addAll(counted.keys);
              }
            }
            return counted.entry;
          });
    }
    List<Entry> entries = Workers.all("list-" + source.name(), threads, tasks);
    long duplicates = keys.size() > MOST_COMPARED ? -1 : keys.repeated();
    return new Inventory(selection, duplicates, entries);
  }

  private static Counted count(SampleSource source, Shard shard, Selection selection) {
    KeyTally keys = new KeyTally();
    long bytes = bytes(shard);
    int draws = 0;
    int usable = 0;
    for (SampleRef ref : source.list(shard)) {
      if (selection.takes(ref)) {
        draws++;
        usable += ref.failure() == null ? 1 : 0;
        if (!ref.isRest()) {
          keys.add(ref.key());
        }
      }
    }
    String name = shard.name().replaceAll("\\p{Cntrl}", " ");
    return new Counted(new Entry(name, bytes, draws, usable), keys);
  }

  private static long bytes(Shard shard) {
    try {
      return Files.isDirectory(shard.path()) || !Files.exists(shard.path())
          ? -1
          : Files.size(shard.path());
    } catch (IOException e) {
      throw new UserError(shard.path() + ": cannot be read (" + e + ")", e);
    }
  }

  /** Places in the order of one pass. */
  public long draws() {
    return shards.stream().mapToLong(Entry::draws).sum();
  }

  /** Selected samples of one pass whose listing shows nothing wrong. */
  public long usable() {
    return shards.stream().mapToLong(Entry::usable).sum();
  }

  /** Shards without a selected sample. */
  public long empty() {
    return shards.stream().filter(shard -> shard.draws() == 0).count();
  }

  /**
   * Compares names and sizes of the shards with what is there now; folders are counted anew.
   *
   * @param source the same source, perhaps later
   * @param file where this inventory was kept, for messages
   * @throws UserError if a shard is missing, new, or of another size
   */
  public void requireSame(SampleSource source, Path file) {
    List<Shard> now = source.shards();
    for (int i = 0; i < Math.max(shards.size(), now.size()); i++) {
      String before = i < shards.size() ? shards.get(i).name() : "nothing";
      String found = i < now.size() ? now.get(i).name() : "nothing";
      if (!before.equals(found)) {
        throw changed(source, "shard " + (i + 1) + " is " + found + ", it was " + before, file);
      }
      long bytes = bytes(now.get(i));
      if (bytes != shards.get(i).bytes()) {
        throw changed(
            source, found + " has " + bytes + " bytes, it had " + shards.get(i).bytes(), file);
      }
      if (bytes < 0) {
        Entry counted = count(source, now.get(i), selection).entry;
        if (counted.draws() != shards.get(i).draws()) {
          throw changed(
              source,
              found
                  + " holds "
                  + counted.draws()
                  + " selected samples, it held "
                  + shards.get(i).draws(),
              file);
        }
      }
    }
  }

  private static UserError changed(SampleSource source, String what, Path file) {
    return new UserError(
        source.name()
            + ": the data have changed since the run began: "
            + what
            + " ("
            + file
            + "). Put the data back as they were; to train on other data, begin a new run");
  }

  /**
   * Writes the inventory as a table: shard, bytes, draws, usable, separated by tabs.
   *
   * @param file the whole of which is replaced
   */
  public void write(Path file) {
    StringBuilder text = new StringBuilder(head(selection)).append('\n');
    text.append(DUPLICATES).append(duplicateKeys).append('\n');
    for (Entry entry : shards) {
      text.append(entry.name()).append('\t').append(entry.bytes()).append('\t');
      text.append(entry.draws()).append('\t').append(entry.usable()).append('\n');
    }
    AtomicFile.writeString(file, text.toString());
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @param file the table
   * @param selection which samples are wanted
   * @return the inventory
   * @throws UserError if it is damaged or counts another selection
   */
  public static Inventory read(Path file, Selection selection) {
    List<String> lines;
    try {
      lines = TextFile.lines(file);
    } catch (IOException e) {
      throw new UserError(file + ": cannot be read (" + e + ")", e);
    }
    if (lines.isEmpty() || !lines.get(0).equals(head(selection))) {
      throw new UserError(
          file
              + ": begins with \""
              + (lines.isEmpty() ? "" : lines.get(0))
              + "\", expected \""
              + head(selection)
              + "\"; remove the file to have the shards counted again");
    }
    long duplicates = -1;
    List<Entry> entries = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] columns = line.split("\t", -1);
      try {
        if (line.startsWith(DUPLICATES)) {
          duplicates = Long.parseLong(columns[1]);
          continue;
        }
        Entry entry =
            new Entry(
                columns[0],
                Long.parseLong(columns[1]),
                Integer.parseInt(columns[2]),
                Integer.parseInt(columns[3]));
        if (columns.length != 4 || entry.usable() < 0 || entry.draws() < entry.usable()) {
          throw new NumberFormatException("counts that do not fit");
        }
        entries.add(entry);
      } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
        throw new UserError(
            file + ": damaged at \"" + line + "\"; remove it to have the shards counted again", e);
      }
    }
    return new Inventory(selection, duplicates, entries);
  }

  private static String head(Selection of) {
    return FORMAT
        + "\tsubset "
        + of.subset()
        + "\thold_out "
        + of.holdOut()
        + "\t"
        + of.side().name().toLowerCase(Locale.ROOT);
  }
}
