package org.samclip.train.feed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.TestShard;
import org.samclip.UserError;
import org.samclip.data.replay.Inventory;
import org.samclip.data.replay.Position;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.replay.Selection.Side;
import org.samclip.train.recipe.DataSpec;
import org.samclip.train.recipe.DataSpec.MixSpec;
import org.samclip.train.recipe.DataSpec.SourceSpec;

@Timeout(60)
class DataFilesTest {

  @TempDir Path folder;
  private Path run;

  @BeforeEach
  void write() throws IOException {
    run = folder.resolve("run");
    shard("cc3m", 30);
    shard("yfcc", 10);
  }

  /** Both sources use the same keys. */
  private void shard(String name, int samples) throws IOException {
    try (TestShard shard = new TestShard(folder.resolve(name + ".tar"))) {
      for (int i = 0; i < samples; i++) {
        shard.add(String.format("%06d.png", i), TestShard.png(4, 4, i));
      }
    }
  }

  private DataSpec spec(Double cc3m, Double yfcc, double subset) {
    List<MixSpec> mix =
        List.of(
            new MixSpec("cc3m", "webdataset", folder + "/cc3m.tar", cc3m, 1, null),
            new MixSpec("yfcc", "webdataset", folder + "/yfcc.tar", yfcc, 1, null));
    SourceSpec clip = new SourceSpec("webdataset", null, mix, subset, 0, 8, null);
    return new DataSpec(null, Map.of("clip", clip), .01, .1, 1_000_000, 2, false, 1);
  }

  private DataFiles files(DataSpec spec) {
    return new DataFiles(spec, folder.resolve("quarantine.tsv"), run);
  }

  @Test
  void aMixtureGivesEverySampleOnceAnEpochAndTellsItsShares() {
    DataFiles files = files(spec(null, null, 1));
    assertEquals(40, files.count("clip", Side.TRAIN));
    Set<String> keys = new HashSet<>();
    try (ReplayStream stream = files.stream("clip", 1, false, Side.TRAIN, 1, Position.START)) {
      for (int i = 0; i < 40; i++) {
        keys.add(stream.next().key());
      }
      assertEquals(30L, stream.delivered().get("cc3m"));
      assertEquals(10L, stream.delivered().get("yfcc"));
    }
    assertEquals(40, keys.size());
    assertTrue(keys.contains("yfcc/000003") && keys.contains("cc3m/000003"), keys.toString());
  }

  @Test
  void weightsDecideTheShares() {
    try (ReplayStream stream =
        files(spec(1., 3., 1)).stream("clip", 1, false, Side.TRAIN, 1, Position.START)) {
      for (int i = 0; i < 40; i++) {
        stream.next();
      }
      assertEquals(10L, stream.delivered().get("cc3m"));
      assertEquals(30L, stream.delivered().get("yfcc"));
    }
  }

  @Test
  void theSubsetOfTheMixtureMultipliesThatOfItsEntries() {
    DataFiles files = files(spec(null, null, .5));
    assertEquals(.5, files.mixture("clip", false).parts().get(0).selection().subset());
    assertTrue(files.count("clip", Side.TRAIN) < 35, "of 40: " + files.count("clip", Side.TRAIN));
  }

  /** What a feed takes of its data is the same in every epoch, and leaves the held-out alone. */
  @Test
  void aFeedReadsItsShareOfTheData() {
    SourceSpec half = new SourceSpec("webdataset", folder + "/cc3m.tar", null, 1, .2, 8, null);
    DataFiles files = files(of(half, 1));
    long training = files.count("clip", Side.TRAIN);
    assertEquals(30, training + files.count("clip", Side.HELD_OUT));
    Set<String> all = keys(files, 1, (int) training);
    assertEquals(training, all.size());
    Set<String> some = keys(files, .4, (int) training);
    assertTrue(some.size() > 3 && some.size() < training - 3, some.size() + " of " + training);
    assertTrue(all.containsAll(some));
    assertEquals(some, keys(files, .4, 2 * (int) training));
  }

  private static Set<String> keys(DataFiles files, double subset, int draws) {
    Set<String> keys = new HashSet<>();
    try (ReplayStream stream = files.stream("clip", 1, false, Side.TRAIN, subset, Position.START)) {
      for (int i = 0; i < draws; i++) {
        keys.add(stream.next().key());
      }
    }
    return keys;
  }

  /** Two sources by name, each with what it holds. */
  @Test
  void severalDataAreReadByName() {
    SourceSpec cc3m = new SourceSpec("webdataset", folder + "/cc3m.tar", null, 1, 0, 8, null);
    SourceSpec yfcc = new SourceSpec("webdataset", folder + "/yfcc.tar", null, 1, 0, 8, null);
    DataSpec both =
        new DataSpec(null, Map.of("one", cc3m, "two", yfcc), .01, .1, 1_000_000, 2, false, 1);
    DataFiles files = files(both);
    assertEquals(30, files.count("one", Side.TRAIN));
    assertEquals(10, files.count("two", Side.TRAIN));
    assertTrue(
        Files.exists(run.resolve("data-one.tsv")) && Files.exists(run.resolve("data-two.tsv")));
    assertEquals(64, files.hash().length());
    assertTrue(!files.hash().equals(files(of(cc3m, 1)).hash()));
  }

  /** What two names could be joined to is still told apart. */
  @Test
  void whatWasCountedIsKeptByWholeNames() {
    SourceSpec single = new SourceSpec("webdataset", folder + "/yfcc.tar", null, 1, .5, 8, null);
    List<MixSpec> mix =
        List.of(new MixSpec("b", "webdataset", folder + "/cc3m.tar", null, 1, null));
    SourceSpec mixed = new SourceSpec("webdataset", null, mix, 1, 0, 8, null);
    Map<String, SourceSpec> sources = Map.of("a-b", single, "a", mixed, "a-b-held-out", mixed);
    DataFiles files = files(new DataSpec(null, sources, .01, .1, 1_000_000, 2, false, 1));
    assertEquals(30, files.count("a", Side.TRAIN));
    assertEquals(30, files.count("a-b-held-out", Side.TRAIN));
    long held = files.count("a-b", Side.HELD_OUT);
    assertEquals(10, held + files.count("a-b", Side.TRAIN));
    assertTrue(held > 0 && held < 10);
  }

  @Test
  void aResumedRunSeesWhetherTheDataAreTheSame() throws IOException {
    files(spec(null, null, 1)).count("clip", Side.TRAIN);
    String cc3m = Files.readString(run.resolve("data-clip.cc3m.tsv"));
    assertTrue(cc3m.contains("cc3m.tar\t"), cc3m);
    assertEquals(40, files(spec(null, null, 1)).count("clip", Side.TRAIN));
    assertEquals(cc3m, Files.readString(run.resolve("data-clip.cc3m.tsv")));
    shard("yfcc", 50);
    UserError error =
        assertThrows(UserError.class, () -> files(spec(null, null, 1)).count("clip", Side.TRAIN));
    assertTrue(
        error.getMessage().contains("data.sources.clip.yfcc: the data have changed"), "" + error);
  }

  private DataSpec of(SourceSpec clip, double spoolGib) {
    return new DataSpec(null, Map.of("clip", clip), 1, 1, 1_000_000, 2, false, spoolGib);
  }

  private SourceSpec voc(Map<String, String> options) {
    return new SourceSpec("label-maps", folder + "/voc", null, 1, 0, 8, options);
  }

  @Test
  void settingsReachTheFormatOfASourceAndOfAMixture() throws IOException {
    for (String name : List.of("JPEGImages/a.png", "Class/a.png", "JPEGImages/b.png")) {
      Path file = folder.resolve("voc").resolve(name);
      Files.createDirectories(file.getParent());
      Files.write(file, TestShard.png(4, 4, 1));
    }
    Files.writeString(folder.resolve("voc/val.txt"), "a\n");
    Map<String, String> layout =
        Map.of("images", "JPEGImages", "labels", "Class", "names", "val.txt");
    assertEquals(1, files(of(voc(layout), 1)).count("clip", Side.TRAIN));
    Map<String, String> wrong = Map.of("image", "JPEGImages");
    MixSpec entry = new MixSpec("voc", "label-maps", folder + "/voc", null, 1, wrong);
    SourceSpec mixed = new SourceSpec("webdataset", null, List.of(entry), 1, 0, 8, null);
    for (SourceSpec clip : List.of(voc(wrong), mixed)) {
      UserError error =
          assertThrows(UserError.class, () -> files(of(clip, 1)).requirePresent(), clip.toString());
      String name = clip == mixed ? "data.sources.clip.voc: " : "data.sources.clip: ";
      assertTrue(error.getMessage().contains(name + "unknown key 'image'"), "" + error);
      assertTrue(error.getMessage().endsWith("Did you mean 'images'?"), "" + error);
    }
  }

  @Test
  void anArchiveThatIsLargerThanTheTemporaryFilesIsLostBeyondThem() throws IOException {
    shard("large", 800);
    byte[] tar = Files.readAllBytes(folder.resolve("large.tar"));
    try (OutputStream out =
        new GZIPOutputStream(Files.newOutputStream(folder.resolve("packed.tar.gz")))) {
      out.write(tar);
    }
    SourceSpec packed =
        new SourceSpec("webdataset", folder + "/packed.tar.gz", null, 1, 0, 8, null);
    double whole = (double) tar.length / (1 << 30);
    assertEquals(800, new DataFiles(of(packed, whole), null, null).count("clip", Side.TRAIN));
    DataFiles half = new DataFiles(of(packed, whole / 2), null, null);
    long left = half.count("clip", Side.TRAIN);
    assertTrue(left > 100 && left <= 400, left + " samples");
    Inventory inventory = half.mixture("clip", false).parts().get(0).inventory();
    assertEquals(left + 1, inventory.draws());
  }
}
