package org.samclip.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.cli.ModelFolder.Run;
import org.samclip.eval.metric.Bootstrap;
import org.samclip.eval.metric.RatioScores;
import org.samclip.eval.protocol.Metric;
import org.samclip.train.report.Column;
import org.samclip.train.report.ResultsTable;
import org.samclip.train.report.RowScores;
import org.samclip.train.report.ScoresFile;

class CompareCommandTest {

  @TempDir Path folder;
  private Path one;
  private Path other;

  @BeforeEach
  void write() {
    one = folder.resolve("one");
    other = folder.resolve("other");
    run(one, 0, .5);
    run(other, 1, .75);
  }

  /** A run of two rows whose images score 0 and a share in turn. */
  private static void run(Path root, long seed, double share) {
    ResultsTable table =
        new ResultsTable(
            List.of(
                new Column(
                    "box_miou",
                    "instance",
                    "instance",
                    "box_miou",
                    64,
                    null,
                    null,
                    null,
                    Metric.Better.HIGHER,
                    Column.Shown.MAIN)));
    for (String model : List.of("stage1", "stage2")) {
      RatioScores.Builder scores = new RatioScores.Builder();
      for (int i = 0; i < 100; i++) {
        scores.image("image " + i);
        scores.add(i % 2 * share * (model.equals("stage1") ? .5 : 1));
      }
      RatioScores built = scores.build();
      ScoresFile.write(
          root.resolve("scores/" + model + ".json.gz"),
          new RowScores(model, "merge", "c".repeat(64), seed, Map.of("box_miou", built)));
      table.put(model, Map.of("box_miou", Bootstrap.measure(built)));
    }
    table.write(root.resolve("results.json"));
  }

  private static Run compare(Object... arguments) {
    List<String> all = new ArrayList<>(List.of("compare"));
    for (Object argument : arguments) {
      all.add(argument.toString());
    }
    return ModelFolder.run(all);
  }

  @Test
  void runsOfTwoSeedsAreOneTable() throws IOException {
    Path json = folder.resolve("out.json");
    Run run = compare(one, other, "--against", "stage1", "--json", json);
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("stage2 (2 seeds)"), run.out());
    assertTrue(run.out().contains("Difference to stage1"), run.out());
    JsonNode tree = new ObjectMapper().readTree(json.toFile());
    JsonNode box = tree.at("/rows/1/metrics/box_miou");
    assertEquals((.25 + .375) / 2, box.at("/value/value").asDouble(), 1e-12);
    assertEquals(.125 / Math.sqrt(2), box.path("spread").asDouble(), 1e-12);
    assertEquals((.25 + .375) / 4, box.at("/difference/value").asDouble(), 1e-12);
  }

  @Test
  void singleRowsAndMarkdown() {
    Run run =
        compare(
            one.resolve("scores/stage1.json.gz"),
            one.resolve("scores/stage2.json.gz"),
            "--markdown",
            "--metrics",
            "box_miou");
    assertEquals(0, run.code(), run.err());
    assertTrue(run.out().contains("| model | box_miou |"), run.out());
    assertTrue(run.out().contains("Difference to stage2"), run.out());
    Run only = compare(one, "--rows", "stage1");
    assertEquals(0, only.code(), only.err());
    assertFalse(only.out().contains("stage2"), only.out());
  }

  @Test
  void whatCannotBeComparedIsExplained() throws IOException {
    assertRefused(compare(folder), "results.json");
    assertRefused(compare(folder.resolve("absent")), "absent");
    assertRefused(compare(one, one), "twice");
    assertRefused(compare(one, "--rows", "stage3"), "stage3", "[stage1, stage2]");
    assertRefused(compare(one, "--metrics", "iou"), "iou", "box_miou");
    assertRefused(compare(one, "--against", "naive-kd"), "naive-kd", "stage1, stage2");
    assertRefused(compare(), "RUN|SCORES");
    Files.delete(one.resolve("scores/stage2.json.gz"));
    assertRefused(compare(one), "stage2.json.gz: no such file");
  }

  private static void assertRefused(Run run, String... parts) {
    assertEquals(2, run.code(), run.err());
    for (String part : parts) {
      assertTrue(run.err().contains(part), run.err());
    }
    assertEquals("", run.out());
  }
}
