package org.samclip.data.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;

@Timeout(30)
class TarIndexTest {

  private static final Set<String> FIELDS = Set.of("a", "b.c");
  private static final ShardStore STORE = new ShardStore();

  @TempDir Path folder;

  private List<SampleRef> list(byte[] tar) throws IOException {
    Shard shard = Shard.of(Files.write(folder.resolve("x.tar"), tar));
    return TarIndex.list(shard, FIELDS, SpareFields.NONE, STORE, new LeftOut());
  }

  private static String text(SampleRef ref, String field) {
    return new String(
        MemberReader.read(ref, DataLimits.DEFAULT, STORE).fields().get(field),
        StandardCharsets.UTF_8);
  }

  @Test
  void groupsByTheNameUpToTheFirstDot() throws IOException {
    String longName = "deep.folder/" + "n".repeat(180);
    List<SampleRef> refs =
        list(
            new TestArchive()
                .add("./d.1/one.a", "1a")
                .add("d.1/one.b.c", "1bc")
                .add("d.1/one.other", "x".repeat(3000))
                .add(longName + ".A", "long")
                .add(".hidden", "h")
                .add("README", "r")
                .add("d.1/two.b.c", "")
                .bytes());
    assertEquals(
        List.of("d.1/one", longName, "d.1/two"), refs.stream().map(SampleRef::key).toList());
    assertEquals("1a", text(refs.get(0), "a"));
    assertEquals("1bc", text(refs.get(0), "b.c"));
    assertEquals("long", text(refs.get(1), "a"));
    assertEquals("", text(refs.get(2), "b.c"));
  }

  @Test
  void refusesLinksAndNamesThatLeave() throws IOException {
    List<SampleRef> refs =
        list(
            new TestArchive()
                .link("link.a", "/etc/passwd")
                .add("../up.a", "x")
                .add("/abs.a", "x")
                .add("d/../../up.a", "x")
                .add("line\nbreak.a", "x")
                .add("good.a", "x")
                .bytes());
    assertEquals(6, refs.size());
    for (SampleRef ref : refs.subList(0, 5)) {
      assertEquals(Kind.UNSAFE_MEMBER, ref.failure().kind(), ref.key());
      assertThrows(
          BrokenSampleException.class, () -> MemberReader.read(ref, DataLimits.DEFAULT, STORE));
    }
    assertEquals("x", text(refs.get(5), "a"));
  }

  @Test
  void refusesHugeAndDoubledMembers() throws IOException {
    List<SampleRef> refs =
        list(
            new TestArchive()
                .add("huge.a", new byte[2000])
                .add("twice.a", "1")
                .add("twice.a", "2")
                .bytes());
    DataLimits small = new DataLimits(1000, 1999);
    assertEquals(
        Kind.MEMBER_LIMIT,
        assertThrows(
                BrokenSampleException.class, () -> MemberReader.read(refs.get(0), small, STORE))
            .kind());
    assertEquals(Kind.DUPLICATE_FIELD, refs.get(1).failure().kind());
  }

  @Test
  void keepsWhatComesBeforeACut() throws IOException {
    byte[] tar =
        new TestArchive()
            .add("one.a", "1")
            .add("one.b.c", "2")
            .add("two.a", "3")
            .add("two.b.c", new byte[1000])
            .bytes();
    // Inside the payload of two.b.c: headers and payloads take whole blocks of 512.
    List<SampleRef> refs = list(Arrays.copyOf(tar, 512 * 7 + 100));
    assertEquals("one", refs.get(0).key());
    assertEquals(2, refs.size());
    assertTrue(refs.get(1).isRest());
    assertEquals(Kind.TRUNCATED_ARCHIVE, refs.get(1).failure().kind());
    // Inside a header.
    refs = list(Arrays.copyOf(tar, 512 * 6 + 100));
    assertTrue(refs.get(refs.size() - 1).isRest());
    // Between two members: only the end mark is missing.
    refs = list(Arrays.copyOf(tar, 512 * 4));
    assertEquals(2, refs.size());
    assertTrue(refs.get(1).isRest());
  }

  @Test
  void survivesLyingSizes() throws IOException {
    byte[] tar = new TestArchive().add("one.a", "1").add("two.a", "2").bytes();
    for (String size : List.of("77777777777", "7777777777x", "-0000000001", "00000100000")) {
      byte[] lying = tar.clone();
      byte[] field = (size + "\0").getBytes(StandardCharsets.US_ASCII);
      System.arraycopy(field, 0, lying, 1024 + 124, 12);
      checksum(lying, 1024);
      List<SampleRef> refs = list(lying);
      assertEquals("one", refs.get(0).key());
      assertTrue(refs.get(refs.size() - 1).isRest(), size + ": " + refs);
    }
  }

  /** Photographs of SA-1B have a megabyte and more. */
  @Test
  void passesOverLargePayloads() throws IOException {
    List<SampleRef> refs =
        list(
            new TestArchive()
                .add("one.a", new byte[3 << 20])
                .add("one.other", new byte[5_000_001])
                .add("one.b.c", "behind")
                .add("two.a", "2")
                .bytes());
    assertEquals(List.of("one", "two"), refs.stream().map(SampleRef::key).toList());
    assertEquals("behind", text(refs.get(0), "b.c"));
    assertEquals("2", text(refs.get(1), "a"));
  }

  @Test
  void refusesEndlessHeaders() throws IOException {
    TestArchive archive = new TestArchive().add("one.a", "1");
    byte[] tar = archive.add("././@LongLink", new byte[3 << 20]).add("two.a", "2").bytes();
    tar[1024 + 156] = 'L';
    checksum(tar, 1024);
    List<SampleRef> refs = list(tar);
    assertEquals(2, refs.size());
    assertTrue(refs.get(1).isRest());
  }

  static void checksum(byte[] tar, int header) {
    Arrays.fill(tar, header + 148, header + 156, (byte) ' ');
    int sum = 0;
    for (int i = 0; i < 512; i++) {
      sum += tar[header + i] & 0xFF;
    }
    byte[] text = String.format("%06o\0 ", sum).getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(text, 0, tar, header + 148, 8);
  }

  @Test
  void damagedBytesNeverEscapeAsOtherErrors() throws IOException {
    TestArchive archive = new TestArchive();
    for (int i = 0; i < 5; i++) {
      archive.add("n".repeat(120) + i + ".a", "payload " + i);
    }
    byte[] tar = archive.bytes();
    SplittableRandom random = new SplittableRandom(1);
    for (int round = 0; round < 300; round++) {
      byte[] damaged = tar.clone();
      for (int i = 0; i < 20; i++) {
        damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
      }
      for (SampleRef ref : list(damaged)) {
        try {
          MemberReader.read(ref, DataLimits.DEFAULT, STORE);
        } catch (BrokenSampleException e) {
          assertTrue(!e.getMessage().isBlank());
        }
      }
    }
  }

  @Test
  void expandsPatterns() {
    assertEquals(
        List.of("s-008.tar", "s-009.tar", "s-010.tar"), FilePatterns.expand("s-{008..010}.tar"));
    assertEquals(List.of("xa1", "xa2", "xb1", "xb2"), FilePatterns.expand("x{a,b}{1..2}"));
    assertArrayEquals(new Object[] {"plain"}, FilePatterns.expand("plain").toArray());
  }
}
