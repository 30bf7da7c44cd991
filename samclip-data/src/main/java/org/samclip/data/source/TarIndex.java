package org.samclip.data.source;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.source.LeftOut.Rule;
import org.samclip.data.source.SampleRef.Member;

/**
 * Lists the samples of a tar archive from its headers alone, skipping every payload. Members belong
 * together by their path up to the first dot of the file name, as in WebDataset.
 */
final class TarIndex {

  private static final int BLOCK = 512;

  private final Shard shard;
  private final Set<String> fields;
  private final SpareFields spare;
  private final LeftOut leftOut;
  private final Map<String, Found> samples = new LinkedHashMap<>();
  private BrokenSampleException rest;

  /** What was found of one key. */
  private static final class Found {
    private final Map<String, Member> members = new LinkedHashMap<>();
    private final Map<String, Integer> repeated = new TreeMap<>();
    private BrokenSampleException failure;
  }

  private TarIndex(Shard shard, Set<String> fields, SpareFields spare, LeftOut leftOut) {
    this.shard = shard;
    this.fields = fields;
    this.spare = spare;
    this.leftOut = leftOut;
  }

  /**
   * @param shard a tar file
   * @param fields of the format
   * @param spare those of them that cannot break a sample
   * @param store opens it
   * @param leftOut counts other members
   */
  static List<SampleRef> list(
      Shard shard, Set<String> fields, SpareFields spare, ShardStore store, LeftOut leftOut) {
    TarIndex index = new TarIndex(shard, fields, spare, leftOut);
    try {
      store.with(shard, index::scan);
    } catch (InterruptedIOException | ClosedByInterruptException e) {
      throw (CancellationException) new CancellationException("interrupted").initCause(e);
    } catch (IOException e) {
      index.unreadable(e);
    }
    return index.refs();
  }

  private List<SampleRef> refs() {
    List<SampleRef> refs = new ArrayList<>();
    samples.forEach(
        (key, found) -> {
          if (found.failure != null) {
            refs.add(SampleRef.broken(shard, key, found.failure));
          } else if (!found.repeated.isEmpty()) {
            refs.addAll(duplicates(key, found.repeated));
          } else {
            refs.add(new SampleRef(shard, key, List.copyOf(found.members.values()), null));
          }
        });
    if (rest != null) {
      refs.add(SampleRef.rest(shard, rest));
    }
    return refs;
  }

  /** Which members belong together cannot be told: as many samples are lost as there may be. */
  private List<SampleRef> duplicates(String key, Map<String, Integer> repeated) {
    int times = Collections.max(repeated.values());
    BrokenSampleException why =
        new BrokenSampleException(
            Kind.DUPLICATE_FIELD,
            "%s: key %s is there %d times (fields %s), allowed: once"
                .formatted(shard.name(), key, times, String.join(", ", repeated.keySet())));
    return Collections.nCopies(times, SampleRef.broken(shard, key, why));
  }

  /** Fills {@link #samples}; a damage ends the list, with an entry that says so. */
  private Void scan(FileChannel archive, IOException cut) throws IOException {
    samples.clear();
    if (archive.size() > 0 && Packing.of(archive) != Packing.TAR) {
      throw Packing.of(archive).notReadInside();
    }
    // Latin-1 keeps the bytes of a name apart, whatever they mean.
    try (SkippingFileStream file = new SkippingFileStream(archive);
        TarArchiveInputStream tar = new TarArchiveInputStream(file, "ISO-8859-1")) {
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
      boolean folder = entry.isDirectory() || entry.isGlobalPaxHeader();
      if (!folder && !add(entry, MemberName.of(file.headers(), entry.getName()), file, cut)) {
        return;
      }
      payload = entry.isDirectory() || entry.isSparse() ? 0 : entry.getSize();
      lastEnd = (file.position() + entry.getSize() + BLOCK - 1) / BLOCK * BLOCK;
    }
  }

  /** Returns whether the archive goes on. */
  private boolean add(
      TarArchiveEntry entry, byte[] bytes, SkippingFileStream file, IOException cut) {
    String stored = MemberName.text(bytes);
    String name = stored.startsWith("./") ? stored.substring(2) : stored;
    int start = name.lastIndexOf('/') + 1;
    int dot = name.indexOf('.', start);
    String key = dot > start ? name.substring(0, dot) : name;
    String field = dot > start ? name.substring(dot + 1).toLowerCase(Locale.ROOT) : "";
    boolean fits = entry.getSize() <= file.size() - file.position();
    if (!fits) {
      samples.remove(key);
      String over = "member " + name + " of " + entry.getSize() + " bytes reaches over the end";
      lost(cut == null ? over : cut.getMessage(), cut);
    } else if (HiddenFiles.isHidden(name)) {
      leftOut.add(Rule.HIDDEN, name);
    } else if (!fields.contains(field)) {
      String ending = field.substring(field.lastIndexOf('.') + 1);
      boolean image = ImageFields.EXTENSIONS.contains(ending);
      leftOut.add(image ? Rule.DOTTED_IMAGE : Rule.OTHER_FIELD, name);
    } else if (isPlain(entry) && isInside(name, bytes)) {
      add(key, new Member(field, null, file.position(), entry.getSize()), name);
    } else if (spare.has(field)) {
      leftOut.add(Rule.NO_PLAIN_MEMBER, name);
    } else {
      samples.computeIfAbsent(key, k -> new Found()).failure =
          new BrokenSampleException(
              Kind.UNSAFE_MEMBER,
              shard.name()
                  + "/"
                  + name
                  + ": allowed are plain files inside the archive, no links, no .. in names");
    }
    return fits;
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

  /** Names go to other archives; a control character in one is nobody's honest name. */
  private static boolean isInside(String name, byte[] bytes) {
    boolean control = false;
    for (byte one : bytes) {
      control |= one >= 0 && one < ' ' || one == 0x7F;
    }
    return !control && !name.startsWith("/") && !List.of(name.split("/")).contains("..");
  }

  private void add(String key, Member member, String name) {
    Found found = samples.computeIfAbsent(key, k -> new Found());
    String field = member.field();
    if (found.members.putIfAbsent(field, member) == null) {
      return;
    }
    if (spare.has(field)) {
      leftOut.add(Rule.SECOND_CAPTION, name);
    } else {
      found.repeated.merge(field, 2, (before, first) -> before + 1);
    }
  }

  private void lost(String why, Exception cause) {
    rest =
        new BrokenSampleException(
            Kind.TRUNCATED_ARCHIVE,
            shard.location()
                + ": damaged or cut off after "
                + samples.size()
                + " samples ("
                + why
                + "); the rest is lost, fetch the file again",
            cause);
  }

  private void unreadable(IOException cause) {
    rest =
        cause instanceof Packing.NotRead
            ? new BrokenSampleException(
                Kind.NOT_AN_ARCHIVE, shard.location() + ": " + cause.getMessage(), cause)
            : new BrokenSampleException(
                Kind.UNREADABLE,
                shard.location() + ": cannot be read (" + cause.getMessage() + ")",
                cause);
  }
}
