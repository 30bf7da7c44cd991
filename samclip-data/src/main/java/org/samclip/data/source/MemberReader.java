package org.samclip.data.source;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.source.SampleRef.Member;

/** Reads byte ranges of files into memory, after checking their size. */
final class MemberReader {

  private MemberReader() {}

  static RawSample read(SampleRef ref, DataLimits limits, ShardStore store) {
    if (ref.failure() != null) {
      throw ref.failure();
    }
    long left = limits.maxMemberBytes();
    for (Member member : ref.members()) {
      left -= member.size();
      if (left < 0) {
        throw new BrokenSampleException(
            Kind.MEMBER_LIMIT,
            name(ref, member)
                + ": "
                + member.size()
                + " bytes, allowed for a sample: "
                + limits.maxMemberBytes());
      }
    }
    Map<String, byte[]> fields = new LinkedHashMap<>();
    boolean archive = ref.members().stream().anyMatch(member -> member.file() == null);
    try {
      if (archive) {
        store.with(ref.shard(), (channel, cut) -> readAll(ref, channel, fields));
      } else {
        readFiles(ref, fields);
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

  private static Void readAll(SampleRef ref, FileChannel archive, Map<String, byte[]> fields)
      throws IOException {
    for (Member member : ref.members()) {
      fields.put(member.field(), read(archive, member, name(ref, member)));
    }
    return null;
  }

  /** Members of one file follow each other: it is opened once. */
  private static void readFiles(SampleRef ref, Map<String, byte[]> fields) throws IOException {
    Path open = null;
    FileChannel channel = null;
    try {
      for (Member member : ref.members()) {
        if (!member.file().equals(open)) {
          if (channel != null) {
            channel.close();
          }
          channel = FileChannel.open(member.file(), StandardOpenOption.READ);
          open = member.file();
        }
        fields.put(member.field(), read(channel, member, name(ref, member)));
      }
    } finally {
      if (channel != null) {
        channel.close();
      }
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
