package org.samclip.data.prepare;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.mask.RunLengthMask;
import org.samclip.data.replay.Mixture;
import org.samclip.data.replay.Quarantine;
import org.samclip.data.replay.SampleBudget;
import org.samclip.data.replay.Selection;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.Sa1bSource;
import org.samclip.data.source.Sample;
import org.samclip.data.source.SampleRef;
import org.samclip.data.source.SampleSource;
import org.samclip.data.source.Shard;
import org.samclip.data.source.TestArchive;
import org.samclip.data.source.WebDatasetSource;

@Timeout(60)
class ShardPackerTest {

  @TempDir Path folder;

  private Path images(int count) throws IOException {
    Path images = folder.resolve("images");
    for (int i = 0; i < count; i++) {
      Path file = images.resolve("class" + i % 3 + "/a.photo " + i + ".PNG");
      Files.createDirectories(file.getParent());
      Files.write(file, TestArchive.png(5, 4, i));
      if (i % 2 == 0) {
        Files.writeString(file.resolveSibling("a.photo " + i + ".txt"), "caption " + i);
      }
    }
    return images;
  }

  private static ShardPacker.Result pack(PackSource source, Path out, int samples, int threads)
      throws IOException {
    return new ShardPacker(samples, 1_000_000, threads)
        .pack(source, out, new SampleBudget(null), (done, total) -> {});
  }

  private static Map<String, Sample> samples(SampleSource source) {
    Map<String, Sample> samples = new TreeMap<>();
    for (Shard shard : source.shards()) {
      for (SampleRef ref : source.list(shard)) {
        samples.put(ref.key(), source.decode(source.read(ref)));
      }
    }
    return samples;
  }

  private static Map<String, byte[]> files(Path root) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> all = Files.list(root)) {
      for (Path file : all.toList()) {
        files.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    return files;
  }

  @Test
  void packsAFolderSoThatItsSourceReadsItBack() throws IOException {
    Path images = images(25);
    Path out = folder.resolve("out");
    ShardPacker.Result result =
        pack(new ImageFolderPack(images, 0, DataLimits.DEFAULT), out, 10, 3);
    assertEquals(new ShardPacker.Result(25, 3, 0, 0), result);
    SampleSource source =
        new WebDatasetSource("packed", List.of(out.toString()), false, DataLimits.DEFAULT);
    Map<String, Sample> samples = samples(source);
    assertEquals(25, samples.size());
    for (int i = 0; i < 25; i++) {
      Sample sample = samples.get("class" + i % 3 + "/a_photo " + i);
      assertEquals(i, sample.image().at(0, 0, 0));
      assertEquals(i % 2 == 0 ? "caption " + i : null, sample.text());
    }
    // Classes are mixed within a shard.
    List<SampleRef> first = source.list(source.shards().get(0));
    assertEquals(3, first.stream().map(ref -> ref.key().substring(0, 6)).distinct().count());
  }

  @Test
  void theSameFilesGiveTheSameBytes() throws IOException {
    Path images = images(25);
    Path one = folder.resolve("one");
    Path two = folder.resolve("two");
    Path other = folder.resolve("other");
    pack(new ImageFolderPack(images, 0, DataLimits.DEFAULT), one, 7, 1);
    pack(new ImageFolderPack(images, 0, DataLimits.DEFAULT), two, 7, 4);
    pack(new ImageFolderPack(images, 1, DataLimits.DEFAULT), other, 7, 4);
    assertEquals(files(one).keySet(), files(two).keySet());
    files(one)
        .forEach(
            (name, bytes) -> {
              try {
                assertArrayEquals(bytes, files(two).get(name), name);
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
    assertNotEquals(
        new String(files(one).get("manifest.json")), new String(files(other).get("manifest.json")));
  }

  @Test
  void limitsTheBytesOfAShard() throws IOException {
    Path images = folder.resolve("images");
    Files.createDirectories(images);
    for (int i = 0; i < 6; i++) {
      byte[] noise = new byte[3 * 400 * 400];
      new java.util.SplittableRandom(i).nextBytes(noise);
      Files.write(
          images.resolve(i + ".png"),
          new org.samclip.data.transform.RgbImage(400, 400, noise).toPng());
    }
    Path out = folder.resolve("out");
    // Each about 480 kB: two of them fit into a megabyte.
    assertEquals(3, pack(new ImageFolderPack(images, 0, DataLimits.DEFAULT), out, 100, 2).shards());
    for (Map.Entry<String, byte[]> file : files(out).entrySet()) {
      assertTrue(file.getValue().length < 1_020_000, file.getKey());
    }
  }

  @Test
  void leavesBrokenImagesOutWithinTheBudgetAndNothingBeyondIt() throws IOException {
    Path images = images(20);
    Files.write(images.resolve("class0/broken.jpg"), new byte[] {1, 2, 3});
    Path out = folder.resolve("out");
    Path list = folder.resolve("broken.tsv");
    PackSource source = new ImageFolderPack(images, 0, DataLimits.DEFAULT);
    ShardPacker packer = new ShardPacker(10, 1_000_000, 2);
    ShardPacker.Result result =
        packer.pack(
            source, out, new SampleBudget(.1, 1000, new Quarantine(list)), (done, total) -> {});
    assertEquals(20, result.samples());
    assertEquals(1, result.broken());
    assertTrue(Files.readString(list).contains("class0/broken\tUNDECODABLE_IMAGE"));

    Path strict = folder.resolve("strict");
    assertThrows(
        UserError.class,
        () -> packer.pack(source, strict, new SampleBudget(null), (done, total) -> {}));
    assertFalse(Files.exists(strict));
    assertFalse(Files.exists(folder.resolve(".strict.part")));
    UserError full =
        assertThrows(
            UserError.class,
            () -> packer.pack(source, out, new SampleBudget(null), (done, total) -> {}));
    assertTrue(full.getMessage().contains("holds files"), full.getMessage());
  }

  @Test
  void refusesTwoFilesOfOneKey() throws IOException {
    Path images = images(1);
    Files.write(images.resolve("class0/a_photo 0.png"), TestArchive.png(1, 1, 0));
    UserError error =
        assertThrows(UserError.class, () -> new ImageFolderPack(images, 0, DataLimits.DEFAULT));
    assertTrue(error.getMessage().contains("both have the key class0/a_photo 0"));
  }

  @Test
  void packsCocoIntoShardsThatTheSa1bSourceReads() throws IOException {
    Path images = folder.resolve("images");
    Files.createDirectories(images);
    byte[] inside = new byte[6 * 5];
    java.util.Arrays.fill(inside, 7, 20, (byte) 1);
    RunLengthMask mask = RunLengthMask.encode(inside, 5, 6);
    StringBuilder json = new StringBuilder("{\"images\": [");
    StringBuilder annotations = new StringBuilder("\"annotations\": [");
    for (int id = 1; id <= 3; id++) {
      Files.write(images.resolve("p" + id + ".png"), TestArchive.png(6, 5, id));
      json.append(id > 1 ? "," : "")
          .append("{\"id\": " + id + ", \"file_name\": \"p" + id + ".png\",")
          .append("\"width\": 6, \"height\": 5}");
      annotations
          .append(id > 1 ? "," : "")
          .append("{\"id\": " + id + ", \"image_id\": " + id + ", \"category_id\": 1,")
          .append(" \"iscrowd\": " + (id == 3 ? 1 : 0) + ", \"segmentation\":")
          .append(" {\"size\": [5, 6], \"counts\": \"" + mask.toCompressedString() + "\"}}");
    }
    Path coco = folder.resolve("instances.json");
    Files.writeString(
        coco,
        json + "], \"categories\": [{\"id\": 1, \"name\": \"thing\"}], " + annotations + "]}");
    Path out = folder.resolve("out");
    ShardPacker.Result result =
        new ShardPacker(10, 1_000_000, 2)
            .pack(
                new CocoPack(coco, images, 0, DataLimits.DEFAULT),
                out,
                new SampleBudget(.5, 1000, null),
                (done, total) -> {});
    assertEquals(new ShardPacker.Result(2, 1, 0, 1), result);
    Map<String, Sample> samples =
        samples(new Sa1bSource("sam", List.of(out.toString()), DataLimits.DEFAULT));
    assertEquals(List.of("sa_1", "sa_2"), new ArrayList<>(samples.keySet()));
    assertEquals(List.of(mask), samples.get("sa_2").masks());
    assertEquals(2, samples.get("sa_2").image().at(0, 0, 0));
  }

  /** Ids of other kinds name shards' members too; what has no object is left out and counted. */
  @Test
  void packsCocoWithBadAnnotationsAndImagesWithoutObjects() throws IOException {
    Path images = Files.createDirectories(folder.resolve("images"));
    List<String> ids = List.of("7", "\"a/../b.c\"", "18446744073709551615", "\"008\"", "9", "10");
    List<String> entries = new ArrayList<>();
    List<String> annotations = new ArrayList<>();
    String good = "{\"size\":[5,6],\"counts\":[5,2,23]}";
    for (int i = 0; i < 6; i++) {
      Files.write(images.resolve(i + ".png"), TestArchive.png(6, 5, i));
      entries.add("{\"id\":" + ids.get(i) + ",\"file_name\":\"" + i + ".png\",\"score\":NaN}");
      String object = "{\"image_id\":" + ids.get(i) + ",\"bbox\":{},\"segmentation\":";
      // Image 9 has only a bad one, image 10 none at all.
      if (i < 4) {
        annotations.add(object + good + "}");
      }
      if (i == 0 || i == 4) {
        annotations.add(object + (i == 0 ? "[[1,2,3,4]]" : "null") + "}");
      }
    }
    Path coco =
        Files.writeString(
            folder.resolve("instances.json"),
            "{\"images\":" + entries + ",\"annotations\":" + annotations + "}");
    SampleBudget budget = new SampleBudget(0, .5, 1000, null);
    Path out = folder.resolve("out");
    ShardPacker packer = new ShardPacker(10, 1_000_000, 2);
    PackSource source = new CocoPack(coco, images, 0, DataLimits.DEFAULT);
    assertEquals(
        new ShardPacker.Result(4, 1, 0, 2), packer.pack(source, out, budget, (done, total) -> {}));
    assertEquals(Map.of(Kind.BAD_MASK, 1L, Kind.NO_MASK, 1L), budget.badAnnotations());
    Map<String, Sample> samples =
        samples(new Sa1bSource("sam", List.of(out.toString()), DataLimits.DEFAULT));
    assertEquals(
        List.of("sa_18446744073709551615", "sa_7", "sa_8", "sa_a%2F%2E%2E%2Fb%2Ec"),
        new ArrayList<>(samples.keySet()));
    samples
        .values()
        .forEach(
            sample ->
                assertEquals(
                    List.of(new RunLengthMask(5, 6, new int[] {5, 2, 23})), sample.masks()));
    Path strict = folder.resolve("strict");
    UserError e =
        assertThrows(
            UserError.class,
            () -> packer.pack(source, strict, new SampleBudget(null), (done, total) -> {}));
    assertTrue(e.getMessage().contains("2 of 6 annotations are bad"), e.getMessage());
    assertFalse(Files.exists(strict));
    // Nothing but images without objects is nothing to pack.
    Files.writeString(coco, "{\"images\":" + entries + "}");
    PackSource none = new CocoPack(coco, images, 0, DataLimits.DEFAULT);
    e =
        assertThrows(
            UserError.class,
            () -> packer.pack(none, strict, new SampleBudget(null), (done, total) -> {}));
    assertTrue(e.getMessage().contains("no usable sample to pack; 6 have no object"));
  }

  @Test
  void aSubsetAndItsRestAreTheWholeByteForByte() throws IOException {
    Path all = folder.resolve("all");
    pack(new ImageFolderPack(images(30), 0, DataLimits.DEFAULT), all, 8, 2);
    SampleSource source =
        new WebDatasetSource("all", List.of(all.toString()), false, DataLimits.DEFAULT);
    Map<String, Sample> whole = samples(source);
    Map<String, Sample> parts = new TreeMap<>();
    HashSet<String> keys = new HashSet<>();
    for (Selection.Side side : Selection.Side.values()) {
      Mixture mixture = Mixture.of(source, new Selection(1, .4, side), 1);
      Path out = folder.resolve(side.name());
      ShardPacker.Result result = pack(new SubsetPack(mixture), out, 8, 2);
      Map<String, Sample> part =
          samples(new WebDatasetSource("p", List.of(out.toString()), false, DataLimits.DEFAULT));
      assertEquals(result.samples(), part.size());
      parts.putAll(part);
      Path table = folder.resolve("keys.tsv");
      assertEquals(part.size(), new SubsetPack(mixture).writeKeys(table));
      Files.readAllLines(table).forEach(line -> assertTrue(keys.add(line.split("\t")[1])));
    }
    assertEquals(whole.keySet(), parts.keySet());
    assertEquals(whole.keySet(), keys);
    whole.forEach(
        (key, sample) -> {
          assertArrayEquals(sample.image().rgb(), parts.get(key).image().rgb(), key);
          assertEquals(sample.text(), parts.get(key).text());
        });
  }
}
