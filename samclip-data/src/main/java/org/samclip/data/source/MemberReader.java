package org.samclip.data.source;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.source.SampleRef.Member;

/** Reads byte ranges of files into memory, after checking their size. */
final class MemberReader {

  private MemberReader() {}

  static RawSample read(SampleRef ref, DataLimits limits, ShardStore store) {
    return read(ref, limits, store, SpareFields.NONE);
  }

  /**
   * @param spare fields that are left out where they do not fit or cannot be read
   */
  static RawSample read(SampleRef ref, DataLimits limits, ShardStore store, SpareFields spare) {
    if (ref.failure() != null) {
      throw ref.failure();
    }
    List<Member> members = withinLimit(ref, limits.maxMemberBytes(), spare);
    Map<String, byte[]> fields = new LinkedHashMap<>();
    boolean archive = members.stream().anyMatch(member -> member.file() == null);
    try {
      if (archive) {
        store.with(
            ref.shard(),
            (channel, cut) -> {
              for (Member member : members) {
                read(ref, channel, member, fields, spare);
              }
              return null;
            });
      } else {
        readFiles(ref, members, fields, spare);
      }
    } catch (InterruptedIOException | ClosedByInterruptException e) {
      throw (CancellationException) new CancellationException("interrupted").initCause(e);
    } catch (IOException e) {
      throw new BrokenSampleException(
          Kind.UNREADABLE,
          ref.shard().name() + "/" + ref.key() + ": cannot be read (" + e + ")",
          e);
    }
    return new RawSample(ref.key(), fields);
  }

  private static String name(SampleRef ref, Member member) {
    return ref.shard().name() + "/" + ref.key() + "." + member.field();
  }

  /** The members that are read: all that are needed, and of the others as many as there is room. */
  private static List<Member> withinLimit(SampleRef ref, long limit, SpareFields spare) {
    long left = limit;
    List<Member> members = new ArrayList<>();
    for (boolean needed : new boolean[] {true, false}) {
      for (Member member : ref.members()) {
        if (needed == spare.has(member.field())) {
          continue;
        }
        if (member.size() <= left) {
          left -= member.size();
          members.add(member);
          continue;
        }
        BrokenSampleException over =
            new BrokenSampleException(
                Kind.MEMBER_LIMIT,
                "%s: %d bytes, allowed for a sample: %d"
                    .formatted(name(ref, member), member.size(), limit));
        if (needed) {
          throw over;
        }
        spare.without(over);
      }
    }
    return members;
  }

  private static void read(
      SampleRef ref,
      FileChannel channel,
      Member member,
      Map<String, byte[]> fields,
      SpareFields spare)
      throws IOException {
    try {
      fields.put(member.field(), read(channel, member, name(ref, member)));
    } catch (BrokenSampleException e) {
      if (!spare.has(member.field())) {
        throw e;
      }
      spare.without(e);
    }
  }

  /** Members of one file follow each other: it is opened once. */
  private static void readFiles(
      SampleRef ref, List<Member> members, Map<String, byte[]> fields, SpareFields spare)
      throws IOException {
    Path open = null;
    FileChannel channel = null;
    try {
      for (Member member : members) {
        if (!member.file().equals(open)) {
          if (channel != null) {
            channel.close();
          }
          open = null;
          channel = open(member, spare);
          if (channel == null) {
            continue;
          }
          open = member.file();
        }
        read(ref, channel, member, fields, spare);
      }
    } finally {
      if (channel != null) {
        channel.close();
      }
    }
  }

  /** Returns null for a file that cannot be opened and is not needed. */
  private static FileChannel open(Member member, SpareFields spare) throws IOException {
    try {
      return FileChannel.open(member.file(), StandardOpenOption.READ);
    } catch (ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      if (!spare.has(member.field())) {
        throw e;
      }
      spare.without(e);
      return null;
    }
  }

  private static byte[] read(FileChannel channel, Member member, String name) throws IOException {
    if (member.offset() + member.size() > channel.size()) {
      throw new BrokenSampleException(
          Kind.TRUNCATED_ARCHIVE, name + ": the file ends before it, it became shorter");
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) member.size());
    while (bytes.hasRemaining()) {
      if (channel.read(bytes, member.offset() + bytes.position()) < 0) {
        throw new BrokenSampleException(
            Kind.TRUNCATED_ARCHIVE, name + ": the file became shorter while it was read");
      }
    }
    return bytes.array();
  }
}
