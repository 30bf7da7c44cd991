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
import org.samclip.eval.protocol.Metric;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.RecipeReader;

class ResultsTableTest {

  @TempDir Path folder;

  private static Measurement around(double value, double half) {
    return new Measurement(value, 408, value - half, value + half);
  }

  private static Column column(String name, Column.Shown shown) {
    return new Column(
        name, "entry", "protocol", name, 64, null, null, null, Metric.Better.HIGHER, shown);
  }

  private static final List<Column> COLUMNS =
      List.of(
          column("point_miou", Column.Shown.MAIN),
          column("box_miou", Column.Shown.MAIN),
          column("logit_ratio", Column.Shown.MAIN),
          column("zeroshot_top1", Column.Shown.MAIN),
          column("semantic_fg_miou", Column.Shown.TABLE),
          column("zeroshot_top1_64", Column.Shown.FILE));

  private static ResultsTable table() {
    ResultsTable table = new ResultsTable(COLUMNS);
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
      assertEquals(COLUMNS.size(), row.path("metrics").size());
      COLUMNS.forEach(c -> assertTrue(row.path("metrics").has(c.name()), c.name()));
    }
    assertTrue(rows.at("/0/metrics/zeroshot_top1_64").isNull());
    assertTrue(rows.at("/1/metrics/box_miou").isNull());
    assertEquals(table().rows(), ResultsTable.read(file).rows());
    assertEquals(COLUMNS, ResultsTable.read(file).columns());
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
    String good = "{\"box_miou\":{\"value\":0.5,\"n\":9,\"low\":0.4,\"high\":0.6}}";
    assertEquals(1, ResultsTable.read(written(file, "box_miou", "main", good)).rows().size());
    for (String metrics :
        List.of(
            "{\"box_miou\":\"x\"}",
            "{\"box_miou\":0.5}",
            good.replace("9", "0"),
            good.replace("0.4", "0.7"),
            "{\"other\":null}")) {
      written(file, "box_miou", "main", metrics);
      assertThrows(UserError.class, () -> ResultsTable.read(file), metrics);
    }
    written(file, "box_miou", "everywhere", good);
    assertThrows(UserError.class, () -> ResultsTable.read(file));
    written(file, "../box_miou", "main", good);
    assertThrows(UserError.class, () -> ResultsTable.read(file));
    Files.writeString(file, "{");
    assertThrows(UserError.class, () -> ResultsTable.read(file));
  }

  private static Path written(Path file, String column, String shown, String metrics)
      throws IOException {
    return Files.writeString(
        file,
        """
        {"columns": {"%s": {"name": "%s", "entry": "e", "protocol": "p", "metric": "m",
          "side": 64, "better": "higher", "shown": "%s"}},
         "rows": [{"model": "a", "metrics": %s}]}"""
            .formatted(column, column, shown, metrics));
  }

  /** Of the entry called as its protocol names are short; an entry changes no other's names. */
  @Test
  void columnsAreNamedByEntryMetricAndSide() {
    Recipe recipe =
        RecipeReader.parse(
            "columns",
            """
            name: columns
            student:
              backbone: {preset: tiny}
              heads: {clip_head: {kind: clip-head, to: clip.summary}}
            teachers:
              sam: {weights: "embedded:tiny-sam"}
              clip: {weights: "embedded:tiny-clip"}
            data: {scenes: {images: 8, masks: 8, crops: 4, scenes: 4}}
            stages:
              - name: one
                start: base
                duration: 1 steps
                feeds:
                  images:
                    data: images
                    batch_size: 4
                    resolutions: [64]
                    objectives:
                      clip: {head: clip_head, teacher: clip.summary, loss: {cosine: 1}}
                optimizer: {lr: 1.0e-3}
                groups: [{pattern: "*"}]
            evaluation:
              protocols:
                classify: {teacher: clip, resolutions: [64, 32]}
                near: {protocol: knn, teacher: sam, resolutions: [64]}
                knn: {resolutions: [64]}
            """,
            List.of());
    List<Column> columns = Column.of(recipe.evaluation());
    assertEquals(
        List.of(
            "clip_cosine",
            "zeroshot_top1",
            "heldout_top1",
            "kept_zeroshot_top1",
            "kept_heldout_top1",
            "near_knn_top1",
            "kept_near_knn_top1",
            "knn_top1",
            "clip_cosine_32",
            "zeroshot_top1_32",
            "heldout_top1_32",
            "kept_zeroshot_top1_32",
            "kept_heldout_top1_32"),
        columns.stream().map(Column::name).toList());
    Column kept = columns.get(11);
    // The teacher was asked at its own side, once.
    assertEquals("zeroshot_top1_32", kept.keptOf());
    assertEquals("zeroshot_top1", kept.teacherColumn());
    assertEquals(Column.Shown.FILE, kept.shown());
    assertEquals(Column.Shown.MAIN, columns.get(1).shown());
    assertEquals(Column.Shown.TABLE, columns.get(0).shown());
    ResultsTable table = new ResultsTable(columns);
    assertEquals(columns, table.columns());
    List<Column> twice = List.of(columns.get(0), columns.get(0));
    assertThrows(UserError.class, () -> new ResultsTable(twice));
  }
}
