package org.samclip.train.rank;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.kernel.LibTorch;
import org.samclip.model.ModelFile;
import org.samclip.student.MergedModel;
import org.samclip.train.TinyMerge;
import org.samclip.train.TinyMerge.Heard;
import org.samclip.train.recipe.Recipe;
import org.samclip.train.report.ResultsTable;
import org.samclip.train.store.RunFolder;

/** A whole run by two ranks with one folder. */
@Timeout(400)
class RankedRunTest {

  private static final String ALONE = "baselines=[]";

  /** Other targets leave something to learn for a student that is still its teacher. */
  private static final String HARD = "stages.multi_task.feeds.masks.objectives.sam.target=hard";

  @TempDir static Path shared;
  private static TinyMerge tiny;

  @TempDir Path folder;

  @BeforeAll
  static void makeTeachers() {
    tiny = TinyMerge.in(shared);
  }

  private static List<Optional<ResultsTable>> run(
      Recipe recipe, Path root, boolean resume, List<Heard> heard) throws Exception {
    RunFolder run = RunFolder.open(root, recipe, resume);
    return ThreadRanks.run(
        heard.size(), ranks -> TinyMerge.run(recipe, run, heard.get(ranks.index()), ranks));
  }

  private static Map<String, float[]> model(Path root, String row) {
    Map<String, float[]> values = new TreeMap<>();
    try (NDManager manager = LibTorch.newManager(LibTorch.device("cpu"))) {
      ModelFile.read(MergedModel.class, new RunFolder(root).model(row), manager)
          .student()
          .arrays()
          .forEach((name, array) -> values.put(name, array.toFloatArray()));
    }
    return values;
  }

  /** The second rank is asked to stop in the middle of a stage; then both go on. */
  @Test
  void aStopOfOneStopsAllAndOneWrites() throws Exception {
    Recipe recipe = tiny.recipe(ALONE, HARD);
    Path root = folder.resolve("ranked");
    List<Heard> stopped = List.of(new Heard(), new Heard());
    stopped.get(1).stopAfter = 5;
    assertEquals(List.of(Optional.empty(), Optional.empty()), run(recipe, root, false, stopped));
    assertEquals(5, stopped.get(0).losses.size());
    assertEquals(stopped.get(0).losses, stopped.get(1).losses);
    assertEquals(List.of(1L, 0L), stopped.stream().map(RankedRunTest::told).toList());
    assertEquals(5, Files.readAllLines(root.resolve("metrics.jsonl")).size());

    List<Heard> resumed = List.of(new Heard(), new Heard());
    run(recipe, root, true, resumed).forEach(table -> assertTrue(table.isPresent()));
    Path alone = folder.resolve("alone");
    Heard one = new Heard();
    TinyMerge.run(recipe, alone, false, one);

    // Each step's line stands there once, and a rank leaves no file of its own.
    assertEquals(9, Files.readAllLines(root.resolve("metrics.jsonl")).size());
    assertEquals(
        new TreeSet<>(TinyMerge.lasting(alone).keySet()),
        new TreeSet<>(TinyMerge.lasting(root).keySet()));
    List<Map<String, Double>> all = new ArrayList<>(stopped.get(0).losses);
    all.addAll(resumed.get(0).losses);
    for (int step = 0; step < 9; step++) {
      Map<String, Double> got = all.get(step);
      int at = step;
      one.losses
          .get(step)
          .forEach(
              (name, loss) -> assertEquals(loss, got.get(name), 2e-3 * loss + 1e-6, at + name));
    }
    // Value by value, AdamW moves what has next to no gradient by rounding alone.
    Map<String, float[]> end = model(alone, "stage3");
    double moved = distance(model(alone, "stage1"), end);
    double apart = distance(model(root, "stage3"), end);
    assertTrue(apart < .05 * moved, apart + " of " + moved);
  }

  private static double distance(Map<String, float[]> one, Map<String, float[]> other) {
    double squares = 0;
    for (Map.Entry<String, float[]> entry : one.entrySet()) {
      float[] values = other.get(entry.getKey());
      for (int i = 0; i < values.length; i++) {
        squares += Math.pow((double) values[i] - entry.getValue()[i], 2);
      }
    }
    return Math.sqrt(squares);
  }

  private static long told(Heard heard) {
    return heard.messages.stream().filter(line -> line.startsWith("stopped: ")).count();
  }
}
