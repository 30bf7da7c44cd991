package org.samclip.data.prepare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.data.replay.Inventory;
import org.samclip.data.replay.Mixture;
import org.samclip.data.replay.Selection;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.ParquetSource;
import org.samclip.data.source.SampleSource;
import org.samclip.data.source.SourceOptions;
import org.samclip.data.source.TestArchive;
import org.samclip.data.source.TestParquet;
import org.samclip.data.source.WebDatasetSource;

@Timeout(60)
class OrderCheckTest {

  @TempDir Path folder;

  @BeforeEach
  void write() throws IOException {
    int[] sizes = {40, 0, 7, 90};
    for (int s = 0; s < sizes.length; s++) {
      TestArchive archive = new TestArchive();
      for (int i = 0; i < sizes[s]; i++) {
        // The same keys in every shard, as some data have them.
        archive.add(String.format("%05d.jpg", i), "never decoded");
      }
      archive.write(folder.resolve("s" + s + ".tar"));
    }
  }

  private SampleSource source(String name) {
    return new WebDatasetSource(name, List.of(folder + "/s*.tar"), false, DataLimits.DEFAULT);
  }

  private Mixture.Part part(String name, Selection selection, Double weight) {
    SampleSource source = source(name);
    return new Mixture.Part(name, source, selection, weight, Inventory.of(source, selection, 2));
  }

  @Test
  void holdsForSingleSourcesAndMixtures() {
    Selection some = new Selection(.7, .2, Selection.Side.TRAIN);
    List<Mixture> mixtures =
        List.of(
            Mixture.of(source("all"), Selection.ALL, 2),
            Mixture.of(source("some"), some, 2),
            new Mixture("mix", List.of(part("a", some, null), part("b", Selection.ALL, null))),
            new Mixture("weighted", List.of(part("a", some, 3.), part("b", Selection.ALL, 1.))));
    for (Mixture mixture : mixtures) {
      OrderCheck.Result result = new OrderCheck(mixture, 10, 5).run(3, 4);
      assertTrue(result.holds(), mixture.name() + ": " + result);
      assertEquals(3 * mixture.draws(), result.given());
      assertTrue(result.runs().size() >= 4, result.runs().toString());
    }
  }

  @Test
  void holdsForRowsOfParquet() throws IOException {
    // In groups of 10 rows and fewer.
    int[] sizes = {30, 0, 25};
    for (int f = 0; f < sizes.length; f++) {
      TestParquet file = new TestParquet();
      for (int from = 0; from < sizes[f]; from += 10) {
        int rows = Math.min(10, sizes[f] - from);
        file.group(
            Collections.nCopies(rows, "never decoded".getBytes(StandardCharsets.UTF_8)),
            Collections.nCopies(rows, "text"));
      }
      file.write(folder.resolve("p" + f + ".parquet"));
    }
    SampleSource source =
        new ParquetSource(
            new SourceOptions("rows", List.of(folder + "/p{0..2}.parquet"), DataLimits.DEFAULT));
    OrderCheck.Result result =
        new OrderCheck(Mixture.of(source, Selection.ALL, 2), 10, 5).run(3, 4);
    assertTrue(result.holds(), result.toString());
    assertEquals(3 * 55, result.given());
    assertTrue(result.runs().size() >= 2, result.runs().toString());
  }

  /** A check that cannot fail proves nothing: here the shards differ from what was counted. */
  @Test
  void failsWhereSamplesAreLost() throws IOException {
    Mixture mixture = Mixture.of(source("all"), Selection.ALL, 2);
    List<Inventory.Entry> fewer = new ArrayList<>(mixture.parts().get(0).inventory().shards());
    Inventory.Entry large = fewer.get(3);
    fewer.set(3, new Inventory.Entry(large.name(), large.bytes(), 80, 80));
    Mixture.Part part =
        new Mixture.Part(
            "all",
            source("all"),
            Selection.ALL,
            null,
            new Inventory(Selection.ALL, 0, 0, List.of(), fewer));
    OrderCheck.Result result = new OrderCheck(new Mixture("all", List.of(part)), 10, 5).run(2, 2);
    assertFalse(result.holds());
    assertEquals(10, result.missing());
    Files.delete(folder.resolve("s0.tar"));
    OrderCheck.Result gone = new OrderCheck(mixture, 10, 5).run(1, 1);
    // What cannot be listed is counted as broken in both runs; nothing else is touched.
    assertEquals(97, gone.given());
    assertEquals(0, gone.repeated());
  }
}
