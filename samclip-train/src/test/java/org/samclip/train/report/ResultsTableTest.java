package org.samclip.train.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;

class ResultsTableTest {

  @TempDir Path folder;

  private static ResultsTable table() {
    ResultsTable table = new ResultsTable();
    table.put("sam-teacher", Map.of("point_miou", 0.5, "box_miou", 0.875));
    table.put("stage2", Map.of("zeroshot_top1", 1.0, "composed_miou", 0.0625));
    return table;
  }

  @Test
  void jsonHasEveryMetricAndNullWhereItDoesNotApply() throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    String expected =
        """
        {"rows":[
        {"model":"sam-teacher","metrics":{"point_miou":0.5,"box_miou":0.875,"zeroshot_top1":null,
          "semantic_miou":null,"composed_miou":null}},
        {"model":"stage2","metrics":{"point_miou":null,"box_miou":null,"zeroshot_top1":1.0,
          "semantic_miou":null,"composed_miou":0.0625}}]}
        """;
    Path file = folder.resolve("results.json");
    table().write(file);
    assertEquals(
        mapper.readTree(expected).toString(), mapper.readTree(Files.readString(file)).toString());
    assertEquals(table().rows(), ResultsTable.read(file).rows());
  }

  @Test
  void rowsKeepTheirPlaceWhenReplaced() {
    ResultsTable table = table();
    table.put("sam-teacher", Map.of("point_miou", 0.25));
    assertEquals(
        List.of("sam-teacher", "stage2"),
        table.rows().stream().map(ResultsTable.Row::model).toList());
    assertEquals(0.25, table.rows().get(0).metrics().get("point_miou"));
    assertEquals(null, table.rows().get(0).metrics().get("box_miou"));
  }

  @Test
  void textIsAligned() {
    assertEquals(
        """
        model        point_miou  box_miou  zeroshot_top1  semantic_miou  composed_miou
        sam-teacher        50.0      87.5              -              -              -
        stage2                -         -          100.0              -            6.3
        """,
        table().text());
  }

  @Test
  void markdownIsATable() {
    assertEquals(
        """
        | model | point_miou | box_miou | zeroshot_top1 | semantic_miou | composed_miou |
        |---|---:|---:|---:|---:|---:|
        | sam-teacher | 50.0 | 87.5 |  |  |  |
        | stage2 |  |  | 100.0 |  | 6.3 |
        """,
        table().markdown());
  }

  @Test
  void refusesWhatIsNoShare() {
    ResultsTable table = table();
    for (double value : new double[] {Double.NaN, -0.1, 1.1}) {
      assertThrows(IllegalArgumentException.class, () -> table.put("x", Map.of("box_miou", value)));
    }
    assertThrows(IllegalArgumentException.class, () -> table.put("x", Map.of("iou", 0.5)));
    assertEquals(2, table.rows().size());
  }

  @Test
  void readingRefusesOtherFiles() throws IOException {
    Path file = folder.resolve("results.json");
    assertThrows(UserError.class, () -> ResultsTable.read(file));
    for (String text :
        List.of(
            "{",
            "{\"rows\":[{\"model\":\"a\",\"metrics\":{\"box_miou\":\"x\"}}]}",
            "{\"rows\":[{\"model\":\"a\",\"metrics\":{\"other\":1}}]}")) {
      Files.writeString(file, text);
      assertThrows(UserError.class, () -> ResultsTable.read(file));
    }
  }
}
