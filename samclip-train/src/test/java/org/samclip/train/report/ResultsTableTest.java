package org.samclip.train.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.eval.metric.Measurement;

class ResultsTableTest {

  @TempDir Path folder;

  private static Measurement around(double value, double half) {
    return new Measurement(value, 408, value - half, value + half);
  }

  private static ResultsTable table() {
    ResultsTable table = new ResultsTable();
    table.put("sam-teacher", Map.of("point_miou", around(.7513, .0124)));
    table.put(
        "stage2",
        Map.of(
            "zeroshot_top1",
            around(1, 0),
            "logit_ratio",
            around(1.026, .0036),
            "semantic_fg_miou",
            around(.25, .0462),
            "zeroshot_top1_64",
            around(.5, .1)));
    return table;
  }

  @Test
  void jsonHasEveryMetricAndNullWhereItDoesNotApply() throws IOException {
    Path file = folder.resolve("results.json");
    table().write(file);
    JsonNode rows = new ObjectMapper().readTree(Files.readString(file)).path("rows");
    assertEquals("sam-teacher", rows.at("/0/model").asText());
    assertEquals(
        "{\"value\":0.7513,\"n\":408,\"low\":"
            + (.7513 - .0124)
            + ",\"high\":"
            + (.7513 + .0124)
            + "}",
        rows.at("/0/metrics/point_miou").toString());
    assertEquals(1.026, rows.at("/1/metrics/logit_ratio/value").doubleValue());
    for (JsonNode row : rows) {
      assertEquals(ResultsTable.METRICS.size() + 1, row.path("metrics").size());
      ResultsTable.METRICS.forEach(name -> assertTrue(row.path("metrics").has(name), name));
    }
    assertTrue(rows.at("/0/metrics/zeroshot_top1_64").isNull());
    assertTrue(rows.at("/1/metrics/box_miou").isNull());
    assertEquals(table().rows(), ResultsTable.read(file).rows());
  }

  @Test
  void rowsKeepTheirPlaceWhenReplaced() {
    ResultsTable table = table();
    table.put("sam-teacher", Map.of("box_miou", around(.25, .1)));
    assertEquals(
        List.of("sam-teacher", "stage2"),
        table.rows().stream().map(ResultsTable.Row::model).toList());
    assertEquals(around(.25, .1), table.rows().get(0).metrics().get("box_miou"));
    assertEquals(null, table.rows().get(0).metrics().get("point_miou"));
  }

  @Test
  void textHasTheMainColumnsThatHaveValues() {
    assertEquals(
        """
                         point       logit  zeroshot
        model             miou       ratio      top1
        sam-teacher  75.1 ±1.2           -         -
        stage2               -  102.6 ±0.4     100.0
        """,
        table().text());
  }

  @Test
  void markdownHasAllColumnsThatHaveValuesButThoseOfFurtherResolutions() {
    assertEquals(
        """
        | model | point_miou | logit_ratio | zeroshot_top1 | semantic_fg_miou |
        |---|---:|---:|---:|---:|
        | sam-teacher | 75.1 ±1.2 |  |  |  |
        | stage2 |  | 102.6 ±0.4 | 100.0 | 25 ±5 |
        """,
        table().markdown());
  }

  /** The examples are those of the Particle Data Group's rule: .827 ± .119 and .827 ± .367. */
  @Test
  void aTableShowsNoDigitThatTheIntervalDoesNotSupport() {
    assertEquals("0.83 ±0.12", Rounded.percent(around(.00827, .00119)));
    assertEquals("0.8 ±0.4", Rounded.percent(around(.00827, .00367)));
    assertEquals("75.1 ±1.0", Rounded.percent(around(.7512, .0096)));
    assertEquals("75 ±12", Rounded.percent(around(.7512, .12)));
    assertEquals("80 ±50", Rounded.percent(around(.7512, .46)));
    assertEquals("98.123 ±0.006", Rounded.percent(around(.981231, .0000612)));
    assertEquals("98.123", Rounded.percent(around(.981231, .0000001)));
    assertEquals("+1.2 ±0.5", Rounded.signed(around(.0123, .0052)));
    assertEquals("-1.2 ±0.5", Rounded.signed(around(-.0123, .0052)));
    assertEquals("+0.0 ±0.5", Rounded.signed(around(-.0001, .0052)));
  }

  @Test
  void refusesOtherNames() {
    ResultsTable table = table();
    for (String name : List.of("iou", "point_miou_", "point_miou_12345", "iou_64", "_64")) {
      assertThrows(
          IllegalArgumentException.class, () -> table.put("x", Map.of(name, around(.5, .1))));
    }
    assertEquals(2, table.rows().size());
  }

  @Test
  void readingRefusesOtherFiles() throws IOException {
    Path file = folder.resolve("results.json");
    assertThrows(UserError.class, () -> ResultsTable.read(file));
    for (String metrics :
        List.of(
            "{\"box_miou\":\"x\"}",
            "{\"box_miou\":0.5}",
            "{\"box_miou\":{\"value\":0.5,\"n\":0,\"low\":0.4,\"high\":0.6}}",
            "{\"box_miou\":{\"value\":0.5,\"n\":9,\"low\":0.7,\"high\":0.6}}",
            "{\"other\":null}")) {
      Files.writeString(file, "{\"rows\":[{\"model\":\"a\",\"metrics\":" + metrics + "}]}");
      assertThrows(UserError.class, () -> ResultsTable.read(file), metrics);
    }
    Files.writeString(file, "{");
    assertThrows(UserError.class, () -> ResultsTable.read(file));
  }
}
