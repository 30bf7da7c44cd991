package org.samclip.train.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.samclip.UserError;
import org.samclip.checkpoint.SafetensorsFile;
import org.samclip.checkpoint.TensorSource;
import org.samclip.train.TinyMerge;
import org.samclip.train.TinyMerge.Heard;
import org.samclip.train.recipe.Recipe;

/** A run whose baselines are blends, and one that is trained after them. */
class BlendRunTest {

  private static final String BASELINES =
      """
      baselines=
      - name: wise-ft
        blend: {of: {base: 0.6, multi_task: 0.4}, tensors: "image_encoder.*"}
      - name: soup
        blend: {of: {head_probing: 0.5, multi_task: 0.2, resolution_adaptation: 0.3}}
      - name: heads
        blend: {of: {multi_task: -1, head_probing: 2}, tensors: "clip_head.*", rest: multi_task}
      - name: again
        stages: [{like: head_probing}]
      """;

  @TempDir static Path shared;
  private static TinyMerge tiny;
  private static Recipe recipe;
  private static Path whole;

  @TempDir Path folder;

  private static Recipe brief(String... more) {
    List<String> overrides =
        new ArrayList<>(
            List.of(
                BASELINES,
                "max_steps=2",
                "evaluation.panels=0",
                "evaluation.protocols={classify: {teacher: clip, resolutions: [32],"
                    + " templates: brief}}"));
    overrides.addAll(List.of(more));
    return tiny.recipe(overrides.toArray(String[]::new));
  }

  @BeforeAll
  static void runOnce() {
    tiny = TinyMerge.in(shared);
    recipe = brief();
    whole = shared.resolve("whole");
    TinyMerge.run(recipe, whole);
  }

  private static Map<String, float[]> tensors(Path file) {
    Map<String, float[]> tensors = new TreeMap<>();
    try (TensorSource source = SafetensorsFile.open(file)) {
      source.names().forEach(name -> tensors.put(name, source.readFloats(name)));
    }
    return tensors;
  }

  private static Map<String, float[]> model(String row) {
    return tensors(whole.resolve("models").resolve(row + ".safetensors"));
  }

  private static float[] sum(String name, List<Map<String, float[]>> models, double... weights) {
    float[] sum = new float[models.get(0).get(name).length];
    for (int i = 0; i < sum.length; i++) {
      double value = 0;
      for (int m = 0; m < weights.length; m++) {
        value += weights[m] * models.get(m).get(name)[i];
      }
      sum[i] = (float) value;
    }
    return sum;
  }

  /** The base's encoder is the SAM teacher's, whose file is read here. */
  @Test
  void wiseFtMovesTheEncoderBackTowardsItsBase() {
    Map<String, float[]> base = tensors(shared.resolve("sam.safetensors"));
    Map<String, float[]> trained = model("stage2");
    Map<String, float[]> blend = model("wise-ft");
    assertEquals(trained.keySet(), blend.keySet());
    int moved = 0;
    for (String name : blend.keySet()) {
      if (name.startsWith("image_encoder.")) {
        float[] expected = sum(name, List.of(base, trained), .6, .4);
        assertArrayEquals(expected, blend.get(name), name);
        moved += Arrays.equals(expected, trained.get(name)) ? 0 : 1;
      } else {
        assertArrayEquals(trained.get(name), blend.get(name), name);
      }
    }
    assertTrue(moved > 10, moved + " tensors of the encoder have moved");
  }

  @Test
  void aSoupIsTheWeightedMeanOfAll() {
    List<Map<String, float[]>> models = List.of(model("stage1"), model("stage2"), model("stage3"));
    Map<String, float[]> soup = model("soup");
    assertEquals(models.get(2).keySet(), soup.keySet());
    soup.forEach((name, values) -> assertArrayEquals(sum(name, models, .5, .2, .3), values, name));
  }

  @Test
  void theRestIsOfTheModelThatIsNamed() {
    List<Map<String, float[]>> models = List.of(model("stage2"), model("stage1"));
    model("heads")
        .forEach(
            (name, values) ->
                assertArrayEquals(
                    name.startsWith("clip_head.")
                        ? sum(name, models, -1, 2)
                        : models.get(0).get(name),
                    values,
                    name));
  }

  @Test
  void blendsHaveRowsAndTheOriginOfTheirModels() throws IOException {
    ObjectMapper json = new ObjectMapper();
    List<String> rows = new ArrayList<>();
    for (JsonNode row : json.readTree(whole.resolve("results.json").toFile()).path("rows")) {
      rows.add(row.path("model").asText());
      assertTrue(row.at("/metrics/zeroshot_top1/value").isNumber(), row::toString);
    }
    assertEquals(
        List.of("clip-teacher", "wise-ft", "soup", "heads", "again", "stage1", "stage2", "stage3"),
        rows);
    try (TensorSource stage = SafetensorsFile.open(whole.resolve("models/stage2.safetensors"))) {
      for (String row : List.of("wise-ft", "soup", "heads")) {
        Path file = whole.resolve("models").resolve(row + ".safetensors");
        try (TensorSource blend = SafetensorsFile.open(file)) {
          assertEquals(stage.metadata(), blend.metadata());
        }
        assertFalse(Files.exists(whole.resolve("parameters-" + row + ".txt")));
      }
    }
  }

  /** Blends take no steps: what is trained after them counts on from what was trained before. */
  @Test
  void metricsCountTheStepsOfTrainingOnly() throws IOException {
    ObjectMapper json = new ObjectMapper();
    List<String> steps = new ArrayList<>();
    for (String line : Files.readAllLines(whole.resolve("metrics.jsonl"))) {
      JsonNode step = json.readTree(line);
      steps.add(step.path("step").asInt() + " " + step.path("phase").asText());
    }
    assertEquals(
        List.of(
            "1 stage1",
            "2 stage1",
            "3 stage2",
            "4 stage2",
            "5 stage3",
            "6 stage3",
            "7 again",
            "8 again"),
        steps);
  }

  /** The model is there, its row is not: it is measured, and neither it nor a stage made again. */
  @Test
  void aRunGoesOnBetweenABlendAndItsRow() throws IOException {
    Path root = folder.resolve("run");
    Heard killed =
        new Heard() {
          @Override
          public void onMessage(String line) {
            if (line.equals("measuring soup")) {
              throw new IllegalStateException("killed");
            }
          }
        };
    assertThrows(IllegalStateException.class, () -> TinyMerge.run(recipe, root, false, killed));
    assertTrue(Files.exists(root.resolve("models/soup.safetensors")));
    assertFalse(Files.readString(root.resolve("results.json")).contains("soup"));
    Heard heard = new Heard();
    assertTrue(TinyMerge.run(recipe, root, true, heard).isPresent());
    assertEquals(2, heard.losses.size(), "the trained baseline's steps");
    assertEquals(
        List.of(
            "blending heads: linear blend of -1.0 multi_task + 2.0 head_probing in clip_head.*,"
                + " the rest of multi_task"),
        heard.messages.stream().filter(line -> line.startsWith("blending")).toList());
    assertEquals(TinyMerge.lasting(whole), TinyMerge.lasting(root));
  }

  @Test
  void aPatternWithoutTensorsIsRefusedBeforeAnythingIsWritten() {
    Path root = folder.resolve("run");
    Recipe idle = brief("baselines.wise-ft.blend.tensors='encoder.*'");
    String message = assertThrows(UserError.class, () -> TinyMerge.run(idle, root)).getMessage();
    assertTrue(message.contains("'baselines.wise-ft.blend.tensors' is 'encoder.*'"), message);
    assertFalse(Files.exists(root));
  }
}
