package org.samclip.data.prepare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.replay.Mixture;
import org.samclip.data.replay.Quarantine;
import org.samclip.data.replay.ReplaySettings;
import org.samclip.data.replay.Selection;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.TestArchive;
import org.samclip.data.source.WebDatasetSource;

@Timeout(60)
class DataVerificationTest {

  @TempDir Path folder;

  private Mixture write() throws IOException {
    TestArchive a = new TestArchive();
    TestArchive b = new TestArchive();
    for (int i = 0; i < 8; i++) {
      a.add("a" + i + ".png", i < 2 ? new byte[] {1} : TestArchive.png(100, 50, i));
      a.add("a" + i + ".txt", "text");
      b.add((i < 3 ? "a" : "b") + i + ".png", TestArchive.png(40, 80, i));
    }
    a.write(folder.resolve("a.tar"));
    byte[] whole = b.bytes();
    Files.write(folder.resolve("b.tar"), Arrays.copyOf(whole, 7 * 1024 + 600));
    new TestArchive().write(folder.resolve("c.tar"));
    return Mixture.of(
        new WebDatasetSource("w", List.of(folder + "/*.tar"), false, DataLimits.DEFAULT),
        Selection.ALL,
        2);
  }

  @Test
  void readsEverythingAndListsWhatIsWrong() throws IOException {
    Path list = folder.resolve("out/broken.tsv");
    long[] heard = new long[2];
    DataVerification.Result result =
        DataVerification.run(
            write(),
            2,
            new Quarantine(list),
            (done, total) -> {
              heard[0] = done;
              heard[1] = total;
            });
    // 8 and 7 whole samples and one lost rest; two of them do not decode.
    assertEquals(13, result.good());
    assertEquals(Map.of(Kind.UNDECODABLE_IMAGE, 2L, Kind.TRUNCATED_ARCHIVE, 1L), result.broken());
    assertEquals(3, result.duplicateKeys());
    assertEquals(1, result.emptyShards());
    assertEquals(16, heard[0]);
    assertEquals(16, heard[1]);
    assertEquals(3, Files.readAllLines(list).size());
  }

  @Test
  void aSurveyCountsSizesAndTexts() throws IOException {
    DataSurvey survey = new DataSurvey(write());
    int[] seen = new int[1];
    survey.look(0, new ReplaySettings(10, 1, 2, 8), (sample, number) -> seen[0]++);
    assertEquals(13, seen[0]);
    ObjectNode json = new ObjectMapper().createObjectNode();
    survey.json(json);
    assertEquals(16, json.get("decoded").asInt());
    assertEquals(6, json.get("with_text").asInt());
    assertEquals(2, json.at("/broken/UNDECODABLE_IMAGE").asInt());
    // 100 x 50: longer side in 64..128, wider than 1.5 but not than 2: the edge belongs above.
    assertEquals(13, json.at("/longer_side/counts/2").asInt());
    assertEquals(6, json.at("/aspect/counts/9").asInt());
    assertEquals(7, json.at("/aspect/counts/2").asInt() + json.at("/aspect/counts/1").asInt());
    String text = survey.text();
    assertTrue(text.contains("3 shards (1 without a selected sample), 15 samples"), text);
  }

  @Test
  void aHistogramPutsAnEdgeIntoTheCellAboveIt() {
    Histogram histogram = new Histogram("values", .0001, 1, 10);
    for (double value : new double[] {0, .0001, 1, 9, 10, 1e9}) {
      histogram.add(value);
    }
    ObjectNode json = new ObjectMapper().createObjectNode();
    histogram.json(json, "h");
    assertEquals("[1,1,2,2]", json.at("/h/counts").toString());
    assertEquals("[1.0E-4,1.0,10.0]", json.at("/h/edges").toString());
    assertTrue(histogram.text().contains("0.0001 .. 1"), histogram.text());
  }
}
