package org.samclip.data.source;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.source.SampleRef.Member;

/**
 * Lists the samples of a tar archive from its headers alone, skipping every payload. Members belong
 * together by their path up to the first dot of the file name, as in WebDataset.
 */
final class TarIndex {

  private static final int BLOCK = 512;

  private final Shard shard;
  private final Set<String> wanted;
  private final Map<String, SampleRef> samples = new LinkedHashMap<>();

  private TarIndex(Shard shard, Set<String> wanted) {
    this.shard = shard;
    this.wanted = wanted;
  }

  /**
   * @param shard a tar file
   * @param wanted the fields that matter; other members are passed over
   * @param store opens it
   */
  static List<SampleRef> list(Shard shard, Set<String> wanted, ShardStore store) {
    TarIndex index = new TarIndex(shard, wanted);
    try {
      store.with(shard, index::scan);
    } catch (InterruptedIOException | ClosedByInterruptException e) {
      throw (CancellationException) new CancellationException("interrupted").initCause(e);
    } catch (IOException e) {
      index.unreadable(e);
    }
    return new ArrayList<>(index.samples.values());
  }

  /** Fills {@link #samples}; a damage ends the list, with an entry that says so. */
  private Void scan(FileChannel archive, IOException cut) throws IOException {
    samples.clear();
    if (archive.size() > 0 && Packing.of(archive) != Packing.TAR) {
      throw Packing.of(archive).notReadInside();
    }
    try (SkippingFileStream file = new SkippingFileStream(archive);
        TarArchiveInputStream tar = new TarArchiveInputStream(file, "UTF-8")) {
      scan(file, tar, cut);
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      // Damaged headers surface as IOException or IllegalArgumentException alike.
      lost(cut == null ? e.getMessage() : cut.getMessage(), e);
    }
    return null;
  }

  private void scan(SkippingFileStream file, TarArchiveInputStream tar, IOException cut)
      throws IOException {
    long lastEnd = 0;
    long payload = 0;
    while (true) {
      file.allowHeader(payload);
      TarArchiveEntry entry = tar.getNextEntry();
      if (entry == null) {
        // A damage behind the end mark costs nothing: some pad what they have packed.
        if (file.size() - lastEnd < BLOCK) {
          lost(cut == null ? "no end mark" : cut.getMessage(), cut);
        }
        return;
      }
      if (!add(entry, file.position(), file.size(), cut)) {
        return;
      }
      payload = entry.isDirectory() || entry.isSparse() ? 0 : entry.getSize();
      lastEnd = (file.position() + entry.getSize() + BLOCK - 1) / BLOCK * BLOCK;
    }
  }

  /** Returns whether the archive goes on. */
  private boolean add(TarArchiveEntry entry, long offset, long end, IOException cut) {
    if (entry.isDirectory() || entry.isGlobalPaxHeader()) {
      return true;
    }
    String stored = entry.getName();
    // Names go to logs and terminals.
    String name = stored.startsWith("./") ? stored.substring(2) : stored;
    boolean clean = name.chars().noneMatch(Character::isISOControl);
    name = clean ? name : name.replaceAll("\\p{Cntrl}", "?");
    int dot = name.indexOf('.', name.lastIndexOf('/') + 1);
    boolean named = dot > name.lastIndexOf('/') + 1;
    String key = named ? name.substring(0, dot) : name;
    String field = named ? name.substring(dot + 1).toLowerCase(Locale.ROOT) : "";
    boolean leaves = name.startsWith("/") || List.of(name.split("/")).contains("..");
    if (leaves || !clean || !isPlain(entry)) {
      samples.put(
          key,
          SampleRef.broken(
              shard,
              key,
              new BrokenSampleException(
                  Kind.UNSAFE_MEMBER,
                  shard.name()
                      + "/"
                      + name
                      + ": allowed are plain files inside the archive, no links, no .. in names")));
      return true;
    }
    if (entry.getSize() > end - offset) {
      samples.remove(key);
      String over = "member " + name + " of " + entry.getSize() + " bytes reaches over the end";
      lost(cut == null ? over : cut.getMessage(), cut);
      return false;
    }
    if (wanted.contains(field)) {
      samples.merge(
          key,
          new SampleRef(
              shard, key, List.of(new Member(field, null, offset, entry.getSize())), null),
          this::join);
    }
    return true;
  }

  private static boolean isPlain(TarArchiveEntry entry) {
    return entry.isFile()
        && !entry.isSparse()
        && !entry.isLink()
        && !entry.isSymbolicLink()
        && !entry.isCharacterDevice()
        && !entry.isBlockDevice()
        && !entry.isFIFO();
  }

  private SampleRef join(SampleRef before, SampleRef added) {
    if (before.failure() != null) {
      return before;
    }
    List<Member> members = new ArrayList<>(before.members());
    for (Member member : members) {
      if (member.field().equals(added.members().get(0).field())) {
        return SampleRef.broken(
            shard,
            before.key(),
            new BrokenSampleException(
                Kind.DUPLICATE_FIELD,
                shard.name() + "/" + before.key() + "." + member.field() + " is there twice"));
      }
    }
    members.addAll(added.members());
    return new SampleRef(shard, before.key(), members, null);
  }

  private void lost(String why, Exception cause) {
    SampleRef rest =
        SampleRef.rest(
            shard,
            new BrokenSampleException(
                Kind.TRUNCATED_ARCHIVE,
                shard.location()
                    + ": damaged or cut off after "
                    + samples.size()
                    + " samples ("
                    + why
                    + "); the rest is lost, fetch the file again",
                cause));
    samples.put(rest.key(), rest);
  }

  private void unreadable(IOException cause) {
    BrokenSampleException why =
        cause instanceof Packing.NotRead
            ? new BrokenSampleException(
                Kind.NOT_AN_ARCHIVE, shard.location() + ": " + cause.getMessage(), cause)
            : new BrokenSampleException(
                Kind.UNREADABLE,
                shard.location() + ": cannot be read (" + cause.getMessage() + ")",
                cause);
    SampleRef whole = SampleRef.rest(shard, why);
    samples.put(whole.key(), whole);
  }
}
