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
import org.samclip.data.source.LeftOut;
import org.samclip.data.source.SampleRef;
import org.samclip.data.source.SampleSource;
import org.samclip.data.source.Shard;

/**
 * What a source held when a run began: for each shard its size and its number of selected samples.
 * With it an epoch can be counted and a position found without listing the shards again, and a
 * resumed run sees whether its data are still the same.
 *
 * @param selection which samples were counted
 * @param found samples in all shards, selected or not
 * @param duplicateKeys keys of selected samples that occur in several shards; -1: there are too
 *     many keys to compare them
 * @param leftOut what the source passes over, by rule
 * @param shards in the order of the source
 */
public record Inventory(
    Selection selection,
    long found,
    long duplicateKeys,
    List<LeftOut.Entry> leftOut,
    List<Entry> shards) {

  private static final String FORMAT = "# samclip inventory 1";
  private static final String FOUND = "# found\t";
  private static final String LEFT_OUT = "# left out\t";
  private static final String DUPLICATES = "# duplicate keys\t";

  /** 8 bytes of memory for each, while shards are counted. */
  private static final long MOST_COMPARED = 10_000_000;

  private record Counted(Entry entry, long found, LeftOut leftOut) {}

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

  /** Copies the lists. */
  public Inventory {
    leftOut = List.copyOf(leftOut);
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
    List<Callable<Counted>> tasks = new ArrayList<>();
    for (Shard shard : source.shards()) {
      tasks.add(
          () -> {
            KeyTally own = new KeyTally();
            Counted counted = count(source, shard, selection, own);
            synchronized (keys) {
              if (keys.size() <= MOST_COMPARED) {
                keys.addAll(own);
              }
            }
            return counted;
          });
    }
    LeftOut leftOut = new LeftOut();
    source.leftOut().entries().forEach(leftOut::add);
    List<Entry> entries = new ArrayList<>();
    long found = 0;
    for (Counted counted : Workers.all("list-" + source.name(), threads, tasks)) {
      entries.add(counted.entry);
      found += counted.found;
      counted.leftOut.entries().forEach(leftOut::add);
    }
    long duplicates = keys.size() > MOST_COMPARED ? -1 : keys.repeated();
    return new Inventory(selection, found, duplicates, leftOut.entries(), entries);
  }

  private static Counted count(
      SampleSource source, Shard shard, Selection selection, KeyTally keys) {
    LeftOut leftOut = new LeftOut();
    long bytes = bytes(shard);
    long found = 0;
    int draws = 0;
    int usable = 0;
    String last = null;
    for (SampleRef ref : source.list(shard, leftOut)) {
      found += ref.isRest() ? 0 : 1;
      if (selection.takes(ref)) {
        draws++;
        usable += ref.failure() == null ? 1 : 0;
        // Those that are there twice in one shard follow each other, and are broken already.
        if (!ref.isRest() && !ref.key().equals(last)) {
          keys.add(ref.key());
        }
      }
      last = ref.key();
    }
    String name = shard.name().replaceAll("\\p{Cntrl}", " ");
    return new Counted(new Entry(name, bytes, draws, usable), found, leftOut);
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
        Entry counted = count(source, now.get(i), selection, new KeyTally()).entry;
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
    text.append(FOUND).append(found).append('\n');
    for (LeftOut.Entry entry : leftOut) {
      text.append(LEFT_OUT).append(entry.rule()).append('\t').append(entry.count());
      entry.first().forEach(name -> text.append('\t').append(name));
      text.append('\n');
    }
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
    long found = 0;
    long duplicates = -1;
    List<LeftOut.Entry> leftOut = new ArrayList<>();
    List<Entry> entries = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] columns = line.split("\t", -1);
      try {
        if (line.startsWith(DUPLICATES)) {
          duplicates = Long.parseLong(columns[1]);
          continue;
        }
        if (line.startsWith(FOUND)) {
          found = Long.parseLong(columns[1]);
          continue;
        }
        if (line.startsWith(LEFT_OUT)) {
          leftOut.add(
              new LeftOut.Entry(
                  LeftOut.Rule.valueOf(columns[1]),
                  Long.parseLong(columns[2]),
                  List.of(columns).subList(3, columns.length)));
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
      } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
        throw new UserError(
            file + ": damaged at \"" + line + "\"; remove it to have the shards counted again", e);
      }
    }
    return new Inventory(selection, found, duplicates, leftOut, entries);
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
