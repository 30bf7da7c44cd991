package org.samclip.train.run;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.eval.metric.Measurement;
import org.samclip.train.TinyMerge;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.recipe.RecipeReader;
import org.samclip.train.report.ResultsTable;

/** The small twins of the shipped recipes run from the beginning to the end, for a few steps. */
@Timeout(300)
class TinyConfigsTest {

  private static final Path CONFIGS = Path.of("..", "configs");

  @ParameterizedTest
  @ValueSource(strings = {"tiny-radio", "tiny-unic", "tiny-edgesam", "tiny-three-teachers"})
  void everyStageAndBaselineIsTrainedAndMeasured(String name, @TempDir Path folder) {
    Recipe recipe =
        RecipeReader.read(
            CONFIGS.resolve(name + ".yaml"),
            List.of(
                "max_steps=2",
                "evaluation.max_images=8",
                "evaluation.panels=0",
                "data.scenes.images=40",
                "data.scenes.masks=24",
                "data.scenes.crops=80",
                "data.scenes.scenes=4",
                "data.scenes.dir=" + folder.resolve("scenes")));
    Path root = folder.resolve("run");
    ResultsTable table = TinyMerge.run(recipe, root);
    assertFalse(table.rows().isEmpty());
    for (int i = 1; i <= recipe.stages().size(); i++) {
      assertTrue(Files.exists(root.resolve("models/stage" + i + ".safetensors")), "stage " + i);
    }
    List<String> rows = table.rows().stream().map(ResultsTable.Row::model).toList();
    recipe.baselines().forEach(baseline -> assertTrue(rows.contains(baseline.name())));
    assertEquals(recipe.evaluation().teachers().size(), teachers(table));
    for (ResultsTable.Row row : table.rows()) {
      Map<String, Measurement> measured = row.metrics();
      assertTrue(
          measured.values().stream().anyMatch(m -> m != null && m.value() >= 0), row.model());
    }
  }

  private static long teachers(ResultsTable table) {
    return table.rows().stream().filter(row -> row.model().endsWith("-teacher")).count();
  }
}
