package org.samclip.data.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.source.SampleRef.Member;

/** Reads byte ranges of files into memory, after checking their size. */
final class MemberReader {

  private MemberReader() {}

  static RawSample read(SampleRef ref, DataLimits limits) {
    if (ref.failure() != null) {
      throw ref.failure();
    }
    Map<String, byte[]> fields = new HashMap<>();
    for (Member member : ref.members()) {
      String name = ref.shard().name() + "/" + ref.key() + "." + member.field();
      if (member.size() > limits.maxMemberBytes()) {
        throw new BrokenSampleException(
            Kind.MEMBER_LIMIT,
            name + ": " + member.size() + " bytes, allowed: " + limits.maxMemberBytes());
      }
      fields.put(member.field(), read(member, name));
    }
    return new RawSample(ref.key(), fields);
  }

  private static byte[] read(Member member, String name) {
    try (FileChannel channel = FileChannel.open(member.file(), StandardOpenOption.READ)) {
      if (member.offset() + member.size() > channel.size()) {
        throw new BrokenSampleException(
            Kind.TRUNCATED_ARCHIVE, name + ": " + member.file() + " ends before it");
      }
      ByteBuffer bytes = ByteBuffer.allocate((int) member.size());
      while (bytes.hasRemaining()) {
        if (channel.read(bytes, member.offset() + bytes.position()) < 0) {
          throw new BrokenSampleException(
              Kind.TRUNCATED_ARCHIVE, name + ": " + member.file() + " became shorter");
        }
      }
      return bytes.array();
    } catch (IOException e) {
      throw new BrokenSampleException(
          Kind.UNREADABLE, name + ": cannot read " + member.file() + " (" + e + ")", e);
    }
  }
}
