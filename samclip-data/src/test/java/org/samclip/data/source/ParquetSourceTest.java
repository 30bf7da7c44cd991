package org.samclip.data.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.parquet.format.ColumnMetaData;
import org.apache.parquet.format.CompressionCodec;
import org.apache.parquet.format.Encoding;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.RowGroup;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException;
import org.samclip.data.BrokenSampleException.Kind;

/** Files written by pyarrow (scripts/parity/make-parquet-files.py), and others that lie. */
@Timeout(60)
class ParquetSourceTest {

  private static final DataLimits LIMITS = new DataLimits(10_000, 1 << 20);
  private static final Map<String, String> PLAIN = Map.of("image", "picture");

  @TempDir Path folder;

  static byte[] resource(String name) throws IOException {
    try (InputStream in = ParquetSourceTest.class.getResourceAsStream("parquet/" + name)) {
      return in.readAllBytes();
    }
  }

  private Path put(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  private SampleSource open(Map<String, String> settings) {
    return open(settings, false);
  }

  private SampleSource open(Map<String, String> settings, boolean textRequired) {
    return SampleSources.provider("parquet")
        .open(
            new SourceOptions(
                "data.x",
                List.of(folder.toString()),
                textRequired,
                false,
                settings,
                LIMITS,
                new ShardStore()));
  }

  private static List<SampleRef> list(SampleSource source) {
    return source.shards().stream().flatMap(shard -> source.list(shard).stream()).toList();
  }

  private static Sample sample(SampleSource source, SampleRef ref) {
    return source.decode(source.read(ref));
  }

  private static Kind broken(SampleSource source, SampleRef ref) {
    return assertThrows(BrokenSampleException.class, () -> sample(source, ref)).kind();
  }

  /** What make-parquet-files.py says of its rows. */
  private static void checkRows(SampleSource source, List<SampleRef> rows) {
    List<Integer> order = new ArrayList<>(IntStream.range(0, 12).boxed().toList());
    Collections.reverse(order);
    for (int i : order) {
      if (i == 5) {
        assertEquals(Kind.MISSING_FIELD, broken(source, rows.get(i)));
        continue;
      }
      Sample sample = sample(source, rows.get(i));
      assertEquals(rows.get(i).key(), sample.key());
      assertEquals(i == 3 ? null : "caption " + i, sample.text());
      assertEquals(List.of(4, 3), List.of(sample.image().width(), sample.image().height()));
      assertEquals(10 * i, sample.image().at(3, 2, 1), sample.key());
    }
  }

  @Test
  void huggingFaceImagesAreStructures() throws IOException {
    put("train-00000-of-00001.parquet", resource("hf.parquet"));
    put("README.md", new byte[1]);
    SampleSource source = open(Map.of());
    List<SampleRef> rows = list(source);
    assertEquals(12, rows.size());
    assertEquals("train-00000-of-00001/11", rows.get(11).key());
    checkRows(source, rows);
    assertEquals(
        List.of("png", "jpeg", "webp"),
        Stream.of(0, 1, 2).map(i -> image(source.read(rows.get(i)))).toList());
  }

  private static String image(RawSample raw) {
    return raw.fields().keySet().stream().filter(f -> !f.equals("txt")).findFirst().orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "none-1",
        "none-2",
        "snappy-1",
        "snappy-2",
        "gzip-1",
        "zstd-2",
        "lz4-1",
        "no-dictionary"
      })
  void everyPackingAndPageIsRead(String name) throws IOException {
    put("x.parquet", resource(name + ".parquet"));
    SampleSource source = open(PLAIN);
    List<SampleRef> rows = list(source);
    assertEquals("photos/000", rows.get(0).key());
    assertEquals("photos/011", rows.get(11).key());
    checkRows(source, rows);
  }

  @Test
  void captionsMayBeRequired() throws IOException {
    Path file = put("x.parquet", resource("none-1.parquet"));
    for (Map<String, String> settings :
        List.of(PLAIN, Map.of("image", "picture", "text", "caption"))) {
      SampleSource source =
          new ParquetSource(
              new SourceOptions(
                  "c", List.of(file.toString()), true, false, settings, LIMITS, new ShardStore()));
      List<SampleRef> rows = list(source);
      assertEquals("caption 4", sample(source, rows.get(4)).text());
      assertEquals(Kind.MISSING_FIELD, broken(source, rows.get(3)));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "hf    | image=img    | no column 'img' in|label, image, tags, text|",
        "hf    | image=imge   | no column 'imge' in|Did you mean 'image'?|",
        "hf    | image=label  | column 'label' of|holds no bytes or text|Set options.image",
        "hf    | image=tags   | column 'tags' of|holds no bytes or text|",
        "hf    | text=label   | column 'label' of|Set options.text|",
        "hf    | key=label    | column 'label' of|Set options.key|",
        "hf    | images=image | unknown option 'images'|Did you mean 'image'?|",
        "none-1| text=caption | no column 'image' in|key, picture, caption|Set options.image",
      })
  void wrongColumnsAreUserErrors(String name, String setting, String a, String b, String c)
      throws IOException {
    put("x.parquet", resource(name + ".parquet"));
    String[] pair = setting.split("=");
    String message =
        assertThrows(UserError.class, () -> open(Map.of(pair[0], pair[1]))).getMessage();
    for (String part : new String[] {a, b, c}) {
      assertTrue(part == null || message.contains(part), message);
    }
    assertTrue(message.startsWith("data.x: "), message);
  }

  @Test
  void filesThatAreNotThere() throws IOException {
    assertThrows(UserError.class, () -> open(Map.of()));
    put("x.parquet", "PAR1 is not all that it takes".getBytes());
    String message = assertThrows(UserError.class, () -> open(Map.of())).getMessage();
    assertTrue(message.contains("x.parquet because of: not a whole Parquet file"), message);
    assertThrows(
        UserError.class,
        () ->
            new ParquetSource(
                new SourceOptions("x", List.of("https://example.org/x.parquet"), LIMITS)));
  }

  @Test
  void aDamagedFileIsLostAndTheOthersAreNot() throws IOException {
    byte[] sound = resource("hf.parquet");
    put("a.parquet", Arrays.copyOf(sound, sound.length - 100));
    put("b.parquet", sound);
    SampleSource source = open(Map.of());
    List<SampleRef> rows = list(source);
    assertEquals(13, rows.size());
    assertTrue(rows.get(0).isRest());
    assertEquals(Kind.TRUNCATED_ARCHIVE, rows.get(0).failure().kind());
    assertEquals("b/0", rows.get(1).key());
    checkRows(source, rows.subList(1, 13));
  }

  @Test
  void aDamagedRowGroupLosesItsRowsOnly() throws IOException {
    byte[] bytes = resource("hf.parquet");
    // The middle group's images: a page that is no snappy any more.
    FileMetaData[] footer = new FileMetaData[1];
    TestParquet.lie(bytes, f -> footer[0] = f);
    ColumnMetaData chunk = footer[0].getRow_groups().get(1).getColumns().get(1).getMeta_data();
    int from = (int) chunk.getDictionary_page_offset();
    Arrays.fill(bytes, from, from + (int) chunk.getTotal_compressed_size(), (byte) 0xFF);
    put("x.parquet", bytes);
    SampleSource source = open(Map.of());
    List<SampleRef> rows = list(source);
    for (int i = 0; i < 12; i++) {
      if (i >= 5 && i < 10) {
        SampleRef ref = rows.get(i);
        BrokenSampleException e =
            assertThrows(BrokenSampleException.class, () -> sample(source, ref));
        assertEquals(Kind.TRUNCATED_ARCHIVE, e.kind());
        assertTrue(e.getMessage().contains("row group 1"), e.getMessage());
      } else {
        assertEquals(10 * i, sample(source, rows.get(i)).image().at(0, 0, 0));
      }
    }
  }

  static Stream<Arguments> lies() {
    return Stream.of(
        lie("rows", f -> f.setNum_rows(13)),
        lie("rows of a group", f -> group(f).setNum_rows(Long.MAX_VALUE)),
        lie("negative rows", f -> group(f).setNum_rows(-1)),
        lie("place", f -> column(f).setData_page_offset(1L << 40).unsetDictionary_page_offset()),
        lie("negative place", f -> column(f).setDictionary_page_offset(-5).setData_page_offset(-5)),
        lie("length", f -> column(f).setTotal_compressed_size(Long.MAX_VALUE)),
        lie("no columns", f -> group(f).setColumns(List.of())),
        lie("children", f -> f.getSchema().get(2).setNum_children(1_000_000)),
        lie("negative children", f -> f.getSchema().get(2).setNum_children(-1)),
        lie(
            "many rows",
            f -> {
              f.getRow_groups().forEach(g -> g.setNum_rows(1 << 20));
              f.setNum_rows(3L << 20);
            }));
  }

  private static Arguments lie(String name, Consumer<FileMetaData> lie) {
    return Arguments.of(name, lie);
  }

  private static RowGroup group(FileMetaData footer) {
    return footer.getRow_groups().get(0);
  }

  private static ColumnMetaData column(FileMetaData footer) {
    return group(footer).getColumns().get(1).getMeta_data();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("lies")
  void lyingFootersAreDamage(String name, Consumer<FileMetaData> lie) throws IOException {
    put("a.parquet", resource("hf.parquet"));
    put("b.parquet", TestParquet.lie(resource("hf.parquet"), lie));
    SampleSource source = open(Map.of());
    List<SampleRef> rows = source.list(source.shards().get(1));
    SampleRef last = rows.get(rows.size() - 1);
    assertTrue(last.isRest());
    assertEquals(Kind.TRUNCATED_ARCHIVE, last.failure().kind());
  }

  @Test
  void rowsBeyondTheValuesAreLost() throws IOException {
    byte[] more =
        TestParquet.lie(
            resource("hf.parquet"),
            f -> {
              f.getRow_groups().get(2).setNum_rows(1_000_000);
              f.setNum_rows(1_000_010);
            });
    put("x.parquet", more);
    SampleSource source = open(Map.of());
    List<SampleRef> rows = list(source);
    assertEquals(1_000_010, rows.size());
    assertEquals(110, sample(source, rows.get(11)).image().at(0, 0, 0));
    assertEquals(Kind.TRUNCATED_ARCHIVE, broken(source, rows.get(12)));
    assertEquals(Kind.TRUNCATED_ARCHIVE, broken(source, rows.get(1_000_009)));
  }

  @Test
  void packingsAndEncodingsThatAreNotReadAreNamedAtOnce() throws IOException {
    byte[] sound = resource("hf.parquet");
    put("x.parquet", TestParquet.lie(sound, f -> column(f).setCodec(CompressionCodec.BROTLI)));
    String message = assertThrows(UserError.class, () -> open(Map.of())).getMessage();
    assertTrue(message.contains("packed as BROTLI, allowed: [UNCOMPRESSED, SNAPPY"), message);
    put(
        "x.parquet",
        TestParquet.lie(
            sound, f -> column(f).setEncodings(List.of(Encoding.DELTA_LENGTH_BYTE_ARRAY))));
    message = assertThrows(UserError.class, () -> open(Map.of())).getMessage();
    assertTrue(message.contains("encoded as DELTA_LENGTH_BYTE_ARRAY, allowed"), message);
  }

  /** Captions that no task needs: a packing or encoding that is not read, a damaged page. */
  @Test
  void captionsThatAreNotNeededCannotLoseImages() throws IOException {
    byte[] image = TestArchive.png(4, 3, 7);
    TestParquet file = new TestParquet();
    file.group(List.of(image, image), List.of("a", "b")).write(folder.resolve("x.parquet"));
    byte[] sound = Files.readAllBytes(folder.resolve("x.parquet"));
    byte[] damaged = sound.clone();
    int page = new String(sound, StandardCharsets.ISO_8859_1).indexOf("\1\0\0\0a\1\0\0\0b");
    damaged[page + 3] = 0x7F;
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("BROTLI", TestParquet.lie(sound, f -> column(f).setCodec(CompressionCodec.BROTLI)));
    files.put(
        "DELTA_BYTE_ARRAY",
        TestParquet.lie(sound, f -> column(f).setEncodings(List.of(Encoding.DELTA_BYTE_ARRAY))));
    files.put("row group 0", damaged);
    for (Map.Entry<String, byte[]> entry : files.entrySet()) {
      put("x.parquet", entry.getValue());
      SampleSource source = open(Map.of());
      List<SampleRef> rows = list(source);
      assertEquals(2, rows.size(), entry.getKey());
      for (SampleRef row : rows) {
        assertEquals(7, sample(source, row).image().at(0, 0, 0), entry.getKey());
        assertNull(sample(source, row).text());
      }
      UserError e =
          assertThrows(
              UserError.class,
              () -> {
                SampleSource captioned = open(Map.of(), true);
                sample(captioned, list(captioned).get(0));
              });
      assertTrue(e.getMessage().contains(entry.getKey()), e.getMessage());
    }
  }

  /**
   * Files of no rows as pyarrow 25 writes them, with a group or none, and of columns without a
   * type; and one of two rows with a group of none between them. pyarrow reads 0, 0, 0 and 2 rows.
   */
  @Test
  void filesAndGroupsWithoutRowsPassOver() throws IOException {
    for (String name : List.of("rows-0", "rows-0-untyped", "rows-0-groups-0")) {
      put(name + ".parquet", resource(name + ".parquet"));
      SampleSource source = open(Map.of());
      assertEquals(List.of(), list(source), name);
    }
    put("rows-1-0-1.parquet", resource("rows-1-0-1.parquet"));
    SampleSource source = open(Map.of());
    assertEquals(4, source.shards().size());
    List<SampleRef> rows = list(source);
    assertEquals(2, rows.size());
    for (int i = 0; i < 2; i++) {
      assertEquals(10 * i, sample(source, rows.get(i)).image().at(0, 0, 0));
      assertEquals("caption " + i, sample(source, rows.get(i)).text());
    }
  }

  @Test
  void footersOfImpossibleLengthAndEncryptedFiles() throws IOException {
    byte[] sound = resource("hf.parquet");
    put("a.parquet", sound);
    for (int length : new int[] {-1, 0, Integer.MAX_VALUE, sound.length}) {
      byte[] bytes = sound.clone();
      for (int i = 0; i < 4; i++) {
        bytes[bytes.length - 8 + i] = (byte) (length >>> 8 * i);
      }
      put("b.parquet", bytes);
      SampleSource source = open(Map.of());
      String message = source.list(source.shards().get(1)).get(0).failure().getMessage();
      assertTrue(message.contains("footer of " + length), message);
    }
    sound[sound.length - 1] = 'E';
    put("b.parquet", sound);
    SampleSource source = open(Map.of());
    String message = source.list(source.shards().get(1)).get(0).failure().getMessage();
    assertTrue(message.contains("encrypted"), message);
  }

  @Test
  void largeValuesCostTheirOwnRowOnly() throws IOException {
    byte[] image = TestArchive.png(4, 3, 7);
    byte[] large = Arrays.copyOf(image, 2 << 20);
    new TestParquet()
        .group(List.of(image, large, image), List.of("a", "b", "x".repeat(1 << 20)))
        .write(folder.resolve("x.parquet"));
    SampleSource source = open(Map.of());
    List<SampleRef> rows = list(source);
    Sample first = sample(source, rows.get(0));
    assertEquals("a", first.text());
    assertEquals(7, first.image().at(0, 0, 0));
    assertEquals(Kind.MEMBER_LIMIT, broken(source, rows.get(1)));
    // Its caption alone is too large, and not needed.
    assertNull(sample(source, rows.get(2)).text());
    SampleSource captioned = open(Map.of(), true);
    assertEquals(Kind.MEMBER_LIMIT, broken(captioned, list(captioned).get(2)));
  }

  @Test
  void temporaryFilesKeepTheirLimit() throws IOException {
    byte[] image = TestArchive.png(40, 30, 7);
    TestParquet file = new TestParquet();
    for (int i = 0; i < 50; i++) {
      file.group(List.of(image, image), List.of("a", "b"));
    }
    Path path = file.write(folder.resolve("x.parquet"));
    try (ShardStore store = new ShardStore(null, 4000, HttpSettings.DEFAULT)) {
      SampleSource source =
          new ParquetSource(
              new SourceOptions(
                  "x", List.of(path.toString()), false, false, Map.of(), LIMITS, store));
      List<SampleRef> rows = list(source);
      assertEquals("b", sample(source, rows.get(1)).text());
      String message =
          assertThrows(BrokenSampleException.class, () -> sample(source, rows.get(99)))
              .getMessage();
      assertTrue(message.contains("the limit of temporary files"), message);
      assertTrue(store.used() <= 4000, store.used() + " bytes");
    }
  }

  @Test
  void aFileThatShrinksLosesWhatIsGone() throws IOException {
    byte[] image = TestArchive.png(4, 3, 7);
    Path path = folder.resolve("x.parquet");
    new TestParquet().group(List.of(image, image), List.of("a", "b")).write(path);
    SampleSource source = open(Map.of());
    List<SampleRef> rows = list(source);
    new TestParquet().group(List.of(image), List.of("a")).write(path);
    assertEquals("a", sample(source, rows.get(0)).text());
    assertEquals(Kind.TRUNCATED_ARCHIVE, broken(source, rows.get(1)));
  }
}
