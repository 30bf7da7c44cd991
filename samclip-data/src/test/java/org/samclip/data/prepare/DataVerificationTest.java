package org.samclip.data.prepare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.data.BrokenSampleException.Kind;
import org.samclip.data.replay.Mixture;
import org.samclip.data.replay.Position;
import org.samclip.data.replay.Quarantine;
import org.samclip.data.replay.ReplaySettings;
import org.samclip.data.replay.ReplayStream;
import org.samclip.data.replay.SampleBudget;
import org.samclip.data.replay.Selection;
import org.samclip.data.source.DataLimits;
import org.samclip.data.source.Sa1bSource;
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

  /** 4 images of 3 masks; some of one image are bad. */
  private Mixture masks(String... bad) throws IOException {
    TestArchive archive = new TestArchive();
    String good = "{\"segmentation\":{\"size\":[5,6],\"counts\":[5,2,23]}}";
    for (int i = 0; i < 4; i++) {
      List<String> annotations = new ArrayList<>(List.of(good, good, good));
      for (int j = 0; i == 2 && j < bad.length; j++) {
        annotations.set(j, "{\"segmentation\":" + bad[j] + "}");
      }
      archive.add("sa_" + i + ".png", TestArchive.png(6, 5, i));
      archive.add("sa_" + i + ".json", "{\"annotations\":" + annotations + "}");
    }
    archive.write(folder.resolve("sa.tar"));
    return Mixture.of(
        new Sa1bSource("sam", List.of(folder + "/sa.tar"), DataLimits.DEFAULT), Selection.ALL, 2);
  }

  @Test
  void badAnnotationsAreCountedAndListedByCause() throws IOException {
    Path list = folder.resolve("bad.tsv");
    Mixture mixture = masks("null", "[[1,2,3,4]]");
    DataVerification.Result result =
        DataVerification.run(mixture, 2, new Quarantine(list), (done, total) -> {});
    assertEquals(4, result.good());
    assertEquals(Map.of(), result.broken());
    assertEquals(12, result.annotations());
    assertEquals(Map.of(Kind.NO_MASK, 1L, Kind.BAD_MASK, 1L), result.badAnnotations());
    List<String> lines = Files.readAllLines(list);
    assertEquals(2, lines.size());
    assertTrue(lines.get(0).startsWith("sa.tar\tsa_2, annotations[0]\tNO_MASK\t"), lines.get(0));
    DataSurvey survey = new DataSurvey(mixture);
    survey.look(0, new ReplaySettings(10, 1, 2, 8), (sample, number) -> {});
    assertTrue(survey.text().contains("2 bad annotations {NO_MASK=1, BAD_MASK=1}"), survey.text());
    ObjectNode json = new ObjectMapper().createObjectNode();
    survey.json(json);
    assertEquals(1, json.at("/bad_annotations/NO_MASK").asInt());
  }

  @Test
  void badAnnotationsHaveABudgetOfTheirOwn() throws IOException {
    Mixture mixture = masks("null", "[]");
    // 2 of 12: as samples all are good.
    SampleBudget strict = new SampleBudget(0, .1, 1000, null);
    ReplaySettings settings = new ReplaySettings(1, 1, 1, 1);
    try (ReplayStream stream = new ReplayStream(mixture, settings, strict, Position.START)) {
      for (int i = 0; i < 4; i++) {
        assertTrue(stream.nextOfPass() != null);
      }
      UserError e = assertThrows(UserError.class, stream::nextOfPass);
      assertTrue(
          e.getMessage().contains("2 of 12 annotations are bad {NO_MASK=2}"), e.getMessage());
      assertTrue(e.getMessage().contains("allowed: 10.0 %"), e.getMessage());
    }
    SampleBudget early = new SampleBudget(0, .1, 3, null);
    try (ReplayStream stream = new ReplayStream(mixture, settings, early, Position.START)) {
      assertThrows(
          UserError.class,
          () -> {
            for (int i = 0; i < 4; i++) {
              stream.nextOfPass();
            }
          });
    }
    SampleBudget generous = new SampleBudget(0, .2, 1000, null);
    try (ReplayStream stream = new ReplayStream(mixture, settings, generous, Position.START)) {
      for (int i = 0; i < 15; i++) {
        stream.nextOfPass();
      }
    }
    assertEquals(Map.of(Kind.NO_MASK, 6L), generous.badAnnotations());
    assertEquals(36, generous.annotationsExamined());
    assertThrows(UserError.class, () -> new SampleBudget(0, 1.5, 1000, null));
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
