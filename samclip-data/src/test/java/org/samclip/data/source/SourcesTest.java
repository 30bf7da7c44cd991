package org.samclip.data.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.samclip.UserError;
import org.samclip.data.BadAnnotation;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.mask.RunLengthMask;

class SourcesTest {

  private static final DataLimits LIMITS = new DataLimits(10_000, 1 << 20);

  /** Rows 1 and 2 of the middle column of a 4 x 3 mask. */
  private static final RunLengthMask MASK = new RunLengthMask(4, 3, new int[] {5, 2, 5});

  @TempDir Path folder;

  private static List<Sample> all(SampleSource source) {
    return source.shards().stream()
        .flatMap(shard -> source.list(shard).stream())
        .map(ref -> source.decode(source.read(ref)))
        .toList();
  }

  private static String annotation(String size, String counts) {
    return "{\"image\":{\"file_name\":\"sa_1.jpg\"},\"annotations\":[{\"id\":1,\"segmentation\":"
        + "{\"size\":"
        + size
        + ",\"counts\":"
        + counts
        + "}}]}";
  }

  private static String quoted(RunLengthMask mask) {
    return "\"" + mask.toCompressedString().replace("\\", "\\\\") + "\"";
  }

  private WebDatasetSource web(boolean textRequired) {
    return new WebDatasetSource("web", List.of(folder.toString()), textRequired, LIMITS);
  }

  @Test
  void webDatasetTakesCaptionsFromTextOrJson() throws IOException {
    new TestArchive()
        .add("1.PNG", TestArchive.png(2, 2, 1))
        .add("1.txt", " a cat \n")
        .add("1.json", "{\"caption\":\"other\"}")
        .add("2.png", TestArchive.png(2, 2, 2))
        .add("2.json", "{\"caption\":\"a dog\"}")
        .add("3.png", TestArchive.png(2, 2, 3))
        .write(folder.resolve("x.tar"));
    List<Sample> samples = all(web(false));
    assertEquals("a cat", samples.get(0).text());
    assertEquals("a dog", samples.get(1).text());
    assertNull(samples.get(2).text());
    assertEquals(3, samples.get(2).image().at(1, 1, 2));
    assertTrue(samples.get(0).masks().isEmpty());
    assertEquals(
        Kind.MISSING_FIELD, assertThrows(BrokenSampleException.class, () -> all(web(true))).kind());
  }

  @Test
  void webDatasetNamesWhatIsWrong() throws IOException {
    WebDatasetSource source = webOf(new TestArchive().add("1.txt", "no image"));
    assertEquals(
        Kind.MISSING_FIELD, assertThrows(BrokenSampleException.class, () -> all(source)).kind());
    byte[] image = TestArchive.png(2, 2, 1);
    webOf(new TestArchive().add("1.png", image).add("1.txt", new byte[] {(byte) 0xE9, 'x'}));
    assertEquals(
        Kind.BAD_ANNOTATION,
        assertThrows(BrokenSampleException.class, () -> all(web(true))).kind());
    WebDatasetSource large = webOf(new TestArchive().add("1.png", TestArchive.png(101, 100, 1)));
    assertEquals(
        Kind.PIXEL_LIMIT, assertThrows(BrokenSampleException.class, () -> all(large)).kind());
  }

  private WebDatasetSource webOf(TestArchive archive) throws IOException {
    archive.write(folder.resolve("x.tar"));
    return web(false);
  }

  @Test
  void sa1bReadsArchivesAndFoldersAlike() throws IOException {
    byte[] image = TestArchive.png(3, 4, 7);
    String json = annotation("[4,3]", quoted(MASK));
    // Images and annotations need not be neighbours.
    new TestArchive()
        .add("./sa_1.png", image)
        .add("./sa_2.png", image)
        .add("./sa_1.json", json)
        .add("./sa_2.json", annotation("[4,3]", "[5,2,5]"))
        .write(folder.resolve("sa_000000.tar"));
    Path unpacked = Files.createDirectories(folder.resolve("unpacked"));
    Files.write(unpacked.resolve("sa_1.png"), image);
    Files.writeString(unpacked.resolve("sa_1.json"), json);
    Files.write(unpacked.resolve("sa_2.png"), image);
    Files.writeString(unpacked.resolve("sa_2.json"), json);
    Files.writeString(unpacked.resolve("README.txt"), "x");
    for (Path path : List.of(folder, unpacked)) {
      Sa1bSource source = new Sa1bSource("sam", List.of(path.toString()), LIMITS);
      List<Sample> samples = all(source);
      assertEquals(List.of("sa_1", "sa_2"), samples.stream().map(Sample::key).toList());
      samples.forEach(sample -> assertEquals(List.of(MASK), sample.masks()));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "[3,4]|[5,2,5]|BAD_MASK",
        "[4,3]|[5,2,4]|BAD_MASK",
        "[4,3]|[5,2,-5]|BAD_MASK",
        "[4,3]|\"\"|BAD_MASK",
        "[4,3]|\"zzzz\"|BAD_MASK",
        "[4,3]|[5,2.5,5]|BAD_ANNOTATION",
        "[4,3]|[99999999999]|BAD_ANNOTATION",
        "[4,3]|{}|BAD_ANNOTATION",
        "[4]|[12]|BAD_ANNOTATION",
        "[1000000000,1000000000]|\"0\"|BAD_MASK",
      })
  void sa1bRefusesMasksThatDoNotFit(String size, String counts, Kind kind) throws IOException {
    new TestArchive()
        .add("sa_1.png", TestArchive.png(3, 4, 7))
        .add("sa_1.json", annotation(size, counts))
        .write(folder.resolve("sa.tar"));
    Sa1bSource source = new Sa1bSource("sam", List.of(folder.toString()), LIMITS);
    Sample sample = all(source).get(0);
    assertEquals(List.of(), sample.masks());
    BadAnnotation bad = sample.bad().get(0);
    assertEquals(kind, bad.kind(), bad.message());
    assertTrue(bad.message().startsWith("sa_1.json, annotations[0]: "), bad.message());
  }

  @Test
  void jsonThatDoesNotParseBreaksItsSample() throws IOException {
    new TestArchive()
        .add("sa_1.png", TestArchive.png(3, 4, 7))
        .add("sa_1.json", annotation("[4,3]", "[5,"))
        .write(folder.resolve("sa.tar"));
    Sa1bSource source = new Sa1bSource("sam", List.of(folder.toString()), LIMITS);
    BrokenSampleException e = assertThrows(BrokenSampleException.class, () -> all(source));
    assertEquals(Kind.BAD_ANNOTATION, e.kind(), e.getMessage());
    assertTrue(e.getMessage().contains("sa_1.json"), e.getMessage());
  }

  @Test
  void pathsThatAreMissingOrEmptyAreUserErrors() {
    for (String path : List.of("nothing.tar", "*.tar", "no/{0..2}.tar", "")) {
      UserError e =
          assertThrows(
              UserError.class,
              () -> new WebDatasetSource("web", List.of(folder + "/" + path), false, LIMITS));
      assertTrue(e.getMessage().contains(folder.toString()), e.getMessage());
      assertThrows(
          UserError.class, () -> new Sa1bSource("sam", List.of(folder + "/" + path), LIMITS));
    }
    assertThrows(UserError.class, () -> new Sa1bSource("sam", List.of(), LIMITS));
    assertThrows(UserError.class, () -> new DataLimits(0, 1));
  }

  @Test
  void manifestTellsContentsApart() throws IOException {
    byte[] tar = new TestArchive().add("1.txt", "a").bytes();
    Files.write(folder.resolve("x.tar"), tar);
    Manifest before = Manifest.of(web(false), true);
    String quick = Manifest.of(web(false), false).hash();
    assertEquals("x.tar", before.entries().get(0).name());
    assertEquals(tar.length, before.entries().get(0).bytes());
    assertEquals(before.hash(), Manifest.of(web(false), true).hash());
    tar[512]++;
    Files.write(folder.resolve("x.tar"), tar);
    assertNotEquals(before.hash(), Manifest.of(web(false), true).hash());
    assertEquals(quick, Manifest.of(web(false), false).hash());
  }
}
