package org.samclip.data.source;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.data.replay.Inventory;
import org.samclip.data.replay.Mixture;
import org.samclip.data.replay.Selection;
import org.samclip.data.source.LeftOut.Rule;

/**
 * What a listing passes over is counted, by its rule and with the first names. Which members are a
 * sample follows webdataset's {@code base_plus_ext}: the key ends at the first dot of the file
 * name, and a name that begins with a dot has none.
 */
class LeftOutTest {

  private static final byte[] PIXEL = TestArchive.png(1, 1, 0);

  @TempDir Path folder;

  private Path put(String name, byte[] bytes) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, bytes);
  }

  private SampleSource open(String format, String path) {
    return SampleSources.provider(format)
        .open(
            new SourceOptions(
                "data", List.of(folder.resolve(path).toString()), DataLimits.DEFAULT));
  }

  private static Inventory count(SampleSource source) {
    return Inventory.of(source, Selection.ALL, 2);
  }

  private static Map<Rule, Long> counts(List<LeftOut.Entry> entries) {
    return entries.stream().collect(Collectors.toMap(LeftOut.Entry::rule, LeftOut.Entry::count));
  }

  private static String failure(Runnable action) {
    return assertThrows(UserError.class, action::run).getMessage();
  }

  @Test
  void keysWithDots() throws IOException {
    TestArchive archive = new TestArchive();
    for (int i = 0; i < 30; i++) {
      String key = i % 3 == 0 ? "clip " + i + " v2." + i : "%05d".formatted(i);
      archive.add(key + ".png", PIXEL).add(key + ".txt", "cap");
    }
    archive.write(folder.resolve("dots-some.tar"));
    Inventory inventory = count(open("webdataset", "dots-some.tar"));
    assertEquals(20, inventory.usable());
    LeftOut.Entry images = inventory.leftOut().get(0);
    assertEquals(
        new LeftOut.Entry(
            Rule.DOTTED_IMAGE,
            10,
            List.of("clip 0 v2.0.png", "clip 3 v2.3.png", "clip 6 v2.6.png")),
        images);
    assertTrue(images.toString().contains("a key ends at the first dot"), images.toString());
    assertEquals(
        Map.of(Rule.DOTTED_IMAGE, 10L, Rule.OTHER_FIELD, 10L), counts(inventory.leftOut()));
  }

  @Test
  void membersOfArchivesThatAreNoField() throws IOException {
    new TestArchive()
        .add("1.png", PIXEL)
        .add("1.cls", "7")
        .add("1.npy", "x")
        .add("1.seg.png", PIXEL)
        .add("README", "x")
        .link("latest", "1.png")
        .add("._1.png", "x")
        .add("__MACOSX/1.png", PIXEL)
        .add(".ipynb_checkpoints/1-checkpoint.png", PIXEL)
        .add("d/.DS_Store", "x")
        .write(folder.resolve("x.tar"));
    Inventory inventory = count(open("webdataset", "x.tar"));
    assertEquals(1, inventory.draws());
    assertEquals(1, inventory.found());
    assertEquals(
        Map.of(Rule.OTHER_FIELD, 4L, Rule.DOTTED_IMAGE, 1L, Rule.HIDDEN, 4L),
        counts(inventory.leftOut()));
  }

  @Test
  void foldersOfSeveralKinds() throws IOException {
    put("tars/.DS_Store", new byte[1]);
    put("tars/._a.tar", new byte[1]);
    put("tars/a.tar.xz", new byte[1]);
    put("tars/more/b.tar", new byte[1]);
    new TestArchive().add("1.png", PIXEL).write(folder.resolve("tars/a.tar"));
    Inventory tars = count(open("webdataset", "tars"));
    assertEquals(List.of("a.tar"), tars.shards().stream().map(Inventory.Entry::name).toList());
    assertEquals(Map.of(Rule.HIDDEN, 2L, Rule.OTHER_ARCHIVE, 2L), counts(tars.leftOut()));
    assertEquals(1, open("webdataset", "tars/*.tar").shards().size());

    put("photos/a.png", PIXEL);
    put("photos/a.txt", new byte[0]);
    put("photos/alone.txt", new byte[0]);
    put("photos/deep/b.png", PIXEL);
    put("photos/scans/c.tif", new byte[1]);
    put("photos/.thumbs/a.png", PIXEL);
    Inventory photos = count(open("image-folder", "photos"));
    assertEquals(2, photos.usable());
    assertEquals(Map.of(Rule.HIDDEN, 1L, Rule.OTHER_FILE, 2L), counts(photos.leftOut()));

    put("sa/sa_1.png", PIXEL);
    put("sa/sa_1.json", "{\"annotations\":[]}".getBytes());
    put("sa/sa_2.v2.png", PIXEL);
    put("sa/notes.md", new byte[0]);
    put("sa/more/sa_3.png", PIXEL);
    put("sa/._sa_1.png", new byte[1]);
    Inventory sa = count(open("sa1b", "sa"));
    assertEquals(1, sa.usable());
    assertEquals(
        Map.of(Rule.HIDDEN, 1L, Rule.DOTTED_IMAGE, 1L, Rule.OTHER_FIELD, 1L, Rule.NESTED, 1L),
        counts(sa.leftOut()));
  }

  @Test
  void classFolders() throws IOException {
    put("set/cat/1.png", PIXEL);
    put("set/cat/._1.png", new byte[1]);
    put("set/cat/2.bmp", new byte[1]);
    put("set/cat/kittens/3.png", PIXEL);
    put("set/cat/kittens/more/4.png", PIXEL);
    put("set/dog/1.png", PIXEL);
    put("set/__MACOSX/cat/1.png", PIXEL);
    put("set/.cache/1.png", PIXEL);
    put("set/outside.png", PIXEL);
    put("set/classes.txt", "cat \ttabby\nhorse\tmare\n".getBytes());
    ClassFolders set = new ClassFolders(folder.resolve("set"), DataLimits.DEFAULT);
    assertEquals(List.of("tabby", "dog"), set.classes());
    assertEquals(2, set.size());
    assertEquals(
        Map.of(
            Rule.HIDDEN, 3L,
            Rule.OTHER_FILE, 1L,
            Rule.NESTED, 2L,
            Rule.NO_CLASS, 1L,
            Rule.NO_FOLDER, 1L),
        counts(set.leftOut().entries()));
    put("set/classes.txt", "cat\ttabby\ncat\ttom\n".getBytes());
    assertTrue(
        failure(() -> new ClassFolders(folder.resolve("set"), DataLimits.DEFAULT))
            .contains("classes.txt: folder cat has two names, tabby and tom"));
    Files.delete(folder.resolve("set/classes.txt"));
    put("set/tall/deep/1.png", PIXEL);
    assertTrue(
        failure(() -> new ClassFolders(folder.resolve("set"), DataLimits.DEFAULT))
            .contains("tall (holds 1 folders): no image directly in this class folder"));
  }

  @Test
  void labelMaps() throws IOException {
    put("seg/images/000.png", PIXEL);
    put("seg/images/._000.png", new byte[] {0, 5, 22, 7});
    put("seg/images/.hidden.jpg", new byte[1]);
    put("seg/images/001.bmp", new byte[1]);
    put("seg/images/deep/Thumbs.db", new byte[1]);
    put("seg/labels/000.png", PIXEL);
    put("seg/labels/._000.png", new byte[1]);
    put("seg/classes.txt", "a\nb\n".getBytes());
    assertEquals(1, new LabelMapFolder(folder.resolve("seg"), DataLimits.DEFAULT).size());
    Inventory maps = count(open("label-maps", "seg"));
    assertEquals(1, maps.draws());
    assertEquals(Map.of(Rule.HIDDEN, 2L, Rule.OTHER_FILE, 2L), counts(maps.leftOut()));
    put("seg/layout.properties", "image_suffix = 0.png\nsuffix = 0.png\n".getBytes());
    put("seg/images/002.png", PIXEL);
    maps = count(open("label-maps", "seg"));
    assertEquals(1, maps.draws());
    assertEquals(
        Map.of(Rule.HIDDEN, 2L, Rule.OTHER_FILE, 2L, Rule.OTHER_SUFFIX, 1L),
        counts(maps.leftOut()));
  }

  /** What pycocotools' {@code imgToAnns} has under no image's id is nobody's. */
  @Test
  void annotationsOfNoImage() throws IOException {
    put("images/a.png", PIXEL);
    String images = "{\"images\":[{\"id\":1,\"file_name\":\"a.png\"}],\"annotations\":[";
    String good = "{\"image_id\":1,\"segmentation\":[[0,0,1,0,1,1,0,1]]}";
    put("x.json", (images + good + ",{\"image_id\":{}},null,{\"image_id\":7}]}").getBytes());
    Inventory inventory = count(open("coco", "x.json"));
    assertEquals(1, inventory.usable());
    LeftOut.Entry entry = inventory.leftOut().get(0);
    assertEquals(Rule.HOMELESS, entry.rule());
    assertEquals(3, entry.count());
    assertEquals("annotations[1]: \"image_id\" is an object", entry.first().get(0));
    put("x.json", (images + "{\"image_id\":\"a.png\"}]}").getBytes());
    String message = failure(() -> open("coco", "x.json"));
    assertTrue(
        message.contains(
            "none of its 1 annotations belongs to one of its images, of which the first"),
        message);
    put("x.json", (images + "]}").getBytes());
    assertEquals(1, count(open("coco", "x.json")).usable());
  }

  /** What was found is told, and nobody is sent for more data that would fare the same. */
  @Test
  void nothingSelectedSaysWhatThereIs() throws IOException {
    new TestArchive()
        .add("a.0.png", PIXEL)
        .add("a.1.png", PIXEL)
        .add("a.cls", "1")
        .write(folder.resolve("dots.tar"));
    String dots = failure(() -> Mixture.of(open("webdataset", "dots.tar"), Selection.ALL, 1));
    assertTrue(dots.contains("no sample in 1 shards; left out: 2 images with a further dot"), dots);
    assertTrue(dots.contains("(a.0.png, a.1.png)"), dots);
    assertTrue(dots.contains("; 1 members of other fields (a.cls)"), dots);
    new TestArchive().write(folder.resolve("empty.tar"));
    String empty = failure(() -> Mixture.of(open("webdataset", "empty.tar"), Selection.ALL, 1));
    assertTrue(empty.contains("no sample in 1 shards; they are empty"), empty);
    new TestArchive().add("1.png", PIXEL).write(folder.resolve("one.tar"));
    Selection none = new Selection(1e-9, 0, Selection.Side.TRAIN);
    String small = failure(() -> Mixture.of(open("webdataset", "one.tar"), none, 1));
    assertTrue(small.contains("1 in 1 shards, but none in subset 1.0E-9"), small);
    assertTrue(small.contains("use larger shares"), small);
  }

  @Test
  void placesWithoutAnythingSayWhatTheyHold() throws IOException {
    put("zips/a.zip", new byte[1]);
    put("zips/b.zip", new byte[1]);
    put("zips/c.tar.bz2", new byte[1]);
    put("zips/.DS_Store", new byte[1]);
    for (String format : List.of("webdataset", "sa1b", "image-folder", "parquet")) {
      String message = failure(() -> open(format, "zips"));
      assertTrue(message.contains("zips (holds 2 .zip, 1 .bz2, 1 hidden files)"), message);
    }
  }

  @Test
  void anInventoryKeepsWhatWasLeftOut() throws IOException {
    new TestArchive().add("1.png", PIXEL).add("1\tx.cls", "1").write(folder.resolve("x.tar"));
    Inventory inventory = count(open("webdataset", "x.tar"));
    Path file = folder.resolve("data.tsv");
    inventory.write(file);
    assertEquals(1, inventory.leftOut().size());
    assertEquals(inventory, Inventory.read(file, Selection.ALL));
  }
}
