package org.samclip.data.source;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.prepare.ShardPacker;
import org.samclip.data.prepare.SubsetPack;
import org.samclip.data.replay.Mixture;
import org.samclip.data.replay.SampleBudget;
import org.samclip.data.replay.Selection;
import org.samclip.data.source.RawTar.Place;

/**
 * Members whose names are not UTF-8. What names there are is what {@code os.fsencode(m.name)} gives
 * for the members of the same archives in Python 3.11's tarfile: the stored bytes, wherever they
 * stand.
 */
@Timeout(60)
class MemberNameTest {

  private static final byte[] PIXEL = TestArchive.png(1, 1, 0);

  @TempDir Path folder;

  private static byte[] bytes(String name, String charset) {
    return name.getBytes(Charset.forName(charset));
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private WebDatasetSource open(RawTar tar) throws IOException {
    Path file = tar.write(folder.resolve("x.tar"));
    return new WebDatasetSource("web", List.of(file.toString()), true, DataLimits.DEFAULT);
  }

  private static Map<String, String> captions(WebDatasetSource source) {
    Map<String, String> captions = new HashMap<>();
    for (SampleRef ref : source.list(source.shards().get(0))) {
      captions.put(ref.key(), source.decode(source.read(ref)).text());
    }
    return captions;
  }

  /** Thirty names in Latin-1 that differ in one letter. */
  @ParameterizedTest
  @EnumSource
  void differentNamesAreDifferentSamples(Place place) throws IOException {
    RawTar tar = new RawTar();
    for (int i = 0; i < 30; i++) {
      String name = "caf" + (char) (0xE0 + i);
      tar.add(place, bytes(name + ".png", "ISO-8859-1"), PIXEL);
      tar.add(place, bytes(name + ".txt", "ISO-8859-1"), utf8("thing " + i));
    }
    Map<String, String> captions = captions(open(tar));
    assertEquals(30, captions.size());
    for (int i = 0; i < 30; i++) {
      assertEquals("thing " + i, captions.get("caf\\x%02X".formatted(0xE0 + i)));
    }
  }

  /** GBK and Shift-JIS, whose second byte may be a backslash; over the 100 bytes of a header. */
  @ParameterizedTest
  @EnumSource
  void namesInOtherEncodings(Place place) throws IOException {
    RawTar tar = new RawTar();
    int times = place == Place.HEADER ? 1 : 30;
    for (String name : List.of("GBK 图片一", "GBK 图片二", "Shift_JIS 表", "Shift_JIS 裏", "UTF-8 图片")) {
      String[] parts = name.split(" ");
      byte[] image = bytes(parts[1].repeat(times) + ".png", parts[0]);
      tar.add(place, image, PIXEL);
      tar.add(place, bytes(parts[1].repeat(times) + ".txt", parts[0]), utf8(name));
    }
    Map<String, String> captions = captions(open(tar));
    assertEquals(5, captions.size());
    // By chance these bytes are UTF-8 as well, of other letters.
    assertEquals("GBK 图片一", captions.get("ͼƬһ".repeat(times)));
    assertEquals("Shift_JIS 表", captions.get("\\x95\\\\".repeat(times)));
    assertEquals("UTF-8 图片", captions.get("图片".repeat(times)));
  }

  @Test
  void oneNameInTwoPlacesIsOneSample() throws IOException {
    byte[] longName = bytes("图片".repeat(40), "GBK");
    Map<String, String> captions =
        captions(
            open(
                new RawTar()
                    .add(Place.HEADER, bytes("é.png", "ISO-8859-1"), PIXEL)
                    .add(Place.GNU, join(longName, ".png"), PIXEL)
                    .add(Place.PAX, bytes("é.txt", "ISO-8859-1"), utf8("short"))
                    .add(Place.PAX, join(longName, ".txt"), utf8("long"))
                    // The same letter in another encoding is another name.
                    .add(Place.HEADER, utf8("é.png"), PIXEL)
                    .add(Place.PAX, utf8("é.txt"), utf8("utf-8"))));
    assertEquals(3, captions.size());
    assertEquals("short", captions.get("\\xE9"));
    assertEquals("utf-8", captions.get("é"));
    assertEquals("long", captions.get(MemberName.text(longName)));
  }

  private static byte[] join(byte[] name, String ending) {
    byte[] joined = java.util.Arrays.copyOf(name, name.length + ending.length());
    System.arraycopy(utf8(ending), 0, joined, name.length, ending.length());
    return joined;
  }

  @Test
  void aNameThatSpellsOutAByteIsNotThatByte() throws IOException {
    Map<String, String> captions =
        captions(
            open(
                new RawTar()
                    .add(Place.HEADER, bytes("é.png", "ISO-8859-1"), PIXEL)
                    .add(Place.HEADER, bytes("é.txt", "ISO-8859-1"), utf8("byte"))
                    .add(Place.HEADER, utf8("\\xE9.png"), PIXEL)
                    .add(Place.HEADER, utf8("\\xE9.txt"), utf8("letters"))));
    assertEquals(Map.of("\\xE9", "byte", "\\\\xE9", "letters"), captions);
  }

  /** As many samples are lost as there may have been; tarfile lists all nine members. */
  @Test
  void duplicatesAreCountedOneByOne() throws IOException {
    RawTar tar = new RawTar();
    for (int i = 0; i < 3; i++) {
      tar.add(Place.HEADER, bytes("é.png", "ISO-8859-1"), PIXEL);
      tar.add(Place.PAX, bytes("é.txt", "ISO-8859-1"), utf8("x"));
      tar.add(Place.HEADER, utf8(i + ".png"), PIXEL);
    }
    WebDatasetSource source = open(tar);
    List<SampleRef> refs = source.list(source.shards().get(0));
    assertEquals(6, refs.size());
    for (SampleRef ref : refs.subList(0, 3)) {
      assertEquals(Kind.DUPLICATE_FIELD, ref.failure().kind());
      assertEquals("\\xE9", ref.key());
      String message = ref.failure().getMessage();
      assertTrue(message.contains("is there 3 times (fields png, txt)"), message);
    }
    Mixture mixture = Mixture.of(source, Selection.ALL, 1);
    assertEquals(6, mixture.draws());
    assertEquals(0, mixture.parts().get(0).inventory().duplicateKeys(), "in several shards");
  }

  @Test
  void aSubsetKeepsTheBytesOfNames() throws IOException {
    RawTar tar = new RawTar();
    Set<String> names = new HashSet<>();
    for (String charset : List.of("ISO-8859-1", "UTF-8")) {
      for (String name : List.of("é", "a\\xE9", "ü".repeat(130))) {
        byte[] stored = bytes(name, charset);
        if (names.add(MemberName.text(stored))) {
          tar.add(Place.PAX, join(stored, ".png"), PIXEL);
          tar.add(Place.PAX, join(stored, ".txt"), utf8(name));
        }
      }
    }
    WebDatasetSource source = open(tar);
    Path out = folder.resolve("out");
    Mixture mixture = Mixture.of(source, Selection.ALL, 1);
    new ShardPacker(100, 1 << 20, 1)
        .pack(new SubsetPack(mixture), out, new SampleBudget(null), (done, total) -> {});
    try (Stream<Path> shards = Files.list(out)) {
      List<String> packed =
          shards.filter(p -> p.toString().endsWith(".tar")).map(Path::toString).toList();
      assertEquals(
          captions(source),
          captions(new WebDatasetSource("again", packed, true, DataLimits.DEFAULT)));
    }
    assertEquals(5, names.size());
  }

  @Test
  void textsAndBytesOfNamesAreEachOthersInverse() {
    SplittableRandom random = new SplittableRandom(14);
    byte[] telling = {'\\', 'x', 'E', '9', (byte) 0xE9, (byte) 0xC3, (byte) 0xA9, 'a', 0, 31, 127};
    Map<String, byte[]> seen = new HashMap<>();
    for (int round = 0; round < 20_000; round++) {
      byte[] name = new byte[random.nextInt(6)];
      for (int i = 0; i < name.length; i++) {
        name[i] = telling[random.nextInt(telling.length)];
      }
      String text = MemberName.text(name);
      assertArrayEquals(name, MemberName.bytes(text));
      assertTrue(text.chars().noneMatch(Character::isISOControl), text);
      byte[] before = seen.put(text, name);
      if (before != null) {
        assertArrayEquals(before, name);
      }
    }
    assertEquals("a\\\\b", MemberName.text(utf8("a\\b")));
    assertArrayEquals(utf8("a\\b\\"), MemberName.bytes("a\\b\\"));
  }
}
