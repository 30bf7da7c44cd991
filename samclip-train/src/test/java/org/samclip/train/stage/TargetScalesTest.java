package org.samclip.train.stage;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.data.replay.ReplayStream;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.train.TinyFeeds;
import org.samclip.train.TinyModels;
import org.samclip.train.feed.Feed;
import org.samclip.train.feed.FeedBatch;
import org.samclip.train.objective.StudentFeed;
import org.samclip.train.optim.AdamW;
import org.samclip.train.optim.CosineSchedule;
import org.samclip.train.teacher.Teachers;

/** Scales of the teachers' outputs, and heads that go there and back. */
@Timeout(60)
class TargetScalesTest {

  private static final int BATCHES = 5;

  private static final String HEADS =
      "{words: {kind: clip-head, to: clip.summary, layers: 1},"
          + " whole: {kind: mlp, to: vit.summary, hidden: 9, pre_norm: false},"
          + " dense: {kind: ladder, output: spatial, to: vit.spatial, blocks: [0, 1],"
          + " hidden: 6, last_hidden: 8}}";

  private static final Map<String, String> OUTPUTS =
      Map.of("words", "summary", "whole", "summary", "dense", "spatial");

  private NDManager manager;
  private Teachers teachers;
  private TinyFeeds tiny;

  @BeforeEach
  void start() {
    manager = LibTorch.newManager(Device.cpu());
    teachers = TinyFeeds.teachers(manager);
    tiny = tiny("phi_s");
  }

  @AfterEach
  void stop() {
    manager.close();
  }

  private TinyFeeds tiny(String form) {
    String scale = "standardise: {form: %s, batches: %d}";
    String feeds =
        """
        {f: {data: images, batch_size: 6, resolutions: [32], micro_batch: 4, crop: [0.5, 1], objectives: {
          clip: {head: words, teacher: clip.summary, loss: {mse: 1}, %2$s},
          vit: {head: whole, teacher: vit.summary, loss: {mse: 1}, %1$s},
          patches: {head: dense, teacher: vit.spatial, loss: {mse: 1}, %1$s}}}}
        """
            .strip()
            .replace('\n', ' ')
            .formatted(
                scale.formatted(form, BATCHES),
                // There is no Hadamard matrix of CLIP's six numbers.
                scale.formatted("channel", BATCHES));
    return TinyFeeds.of(manager, teachers, TinyFeeds.VIT_DET, HEADS, feeds);
  }

  private TargetScales begun(String... fresh) {
    TargetScales scales = new TargetScales(tiny.stage(), tiny.student(), manager);
    scales.begin((name, batches) -> tiny.open(name, manager), Set.of(fresh));
    return scales;
  }

  /** Every head's output for the feed's first batch. */
  private Map<String, NDArray> outputs() {
    try (Autograd off = Autograd.disabled()) {
      NDArray images = tiny.batch("f").batches().get(0).student().toArray(manager);
      Map<String, Set<String>> asked = new LinkedHashMap<>();
      OUTPUTS.forEach((head, output) -> asked.put(head, Set.of(output)));
      Map<String, NDArray> all = new LinkedHashMap<>();
      tiny.student()
          .forward(images, asked)
          .forEach((head, given) -> all.put(head, given.get(OUTPUTS.get(head))));
      return all;
    }
  }

  private static void assertClose(Map<String, NDArray> expected, Map<String, NDArray> got) {
    expected.forEach(
        (head, own) ->
            assertArrayEquals(
                own.toFloatArray(), got.get(head).toFloatArray(), 1e-5f, "head " + head));
  }

  /** The rows of a teacher's output in the batches that are measured, float64. */
  private NDArray seen(String teacher, String output) {
    NDArray all = null;
    Feed feed = tiny.feed("f");
    try (ReplayStream stream = feed.stream();
        Autograd off = Autograd.disabled()) {
      for (int i = 0; i < BATCHES; i++) {
        FeedBatch batch = feed.batches().apply(i);
        NDArray images = batch.batches().get(0).views().get(teacher).toArray(manager);
        NDArray given = teachers.model(teacher).forward(images, Set.of(output)).get(output);
        if (given.getShape().dimension() == 4) {
          given = given.transpose(0, 2, 3, 1);
        }
        long width = given.getShape().get(given.getShape().dimension() - 1);
        NDArray rows = given.reshape(new Shape(-1, width)).toType(DataType.FLOAT64, false);
        all = all == null ? rows : all.concat(rows, 0);
      }
    }
    return all;
  }

  @ParameterizedTest
  @ValueSource(strings = {"channel", "phi_s"})
  void targetsHaveMeanZeroAndVarianceOne(String form) {
    tiny = tiny(form);
    try (TargetScales scales = begun()) {
      Map<String, NDArray> seen =
          Map.of(
              "clip", seen("clip", "summary"),
              "vit", seen("vit", "summary"),
              "patches", seen("vit", "spatial"));
      seen.forEach(
          (objective, rows) -> {
            NDArray targets = scales.maps().get(objective).apply(rows);
            float[] mean = targets.mean(new int[] {0}).toFloatArray();
            float[] variance = targets.pow(2).mean(new int[] {0}).toFloatArray();
            for (int c = 0; c < mean.length; c++) {
              assertEquals(0, mean[c], 1e-4, objective + " " + c);
              assertEquals(1, variance[c], 1e-3, objective + " " + c);
            }
          });
    }
  }

  /** Through the stage's feed: the loss is that of scaled outputs against scaled targets. */
  @Test
  void theFeedHoldsScaledAgainstScaled() {
    Map<String, NDArray> own = outputs();
    try (TargetScales scales = begun();
        StudentFeed feed = tiny.open("f", manager)) {
      feed.standardise(scales.maps());
      Map<String, Double> losses = feed.measure().losses().get();
      FeedBatch batch = tiny.batch("f");
      try (Autograd off = Autograd.disabled()) {
        for (String[] one :
            new String[][] {
              {"clip", "words", "clip", "summary"}, {"vit", "whole", "vit", "summary"},
            }) {
          NDArray images = batch.batches().get(0).views().get(one[2]).toArray(manager);
          NDArray truth = teachers.model(one[2]).forward(images, Set.of(one[3])).get(one[3]);
          NDArray matrix = scales.maps().get(one[0]).matrix();
          NDArray gap = own.get(one[1]).sub(truth).toType(DataType.FLOAT64, false);
          double expected = gap.matMul(matrix.transpose()).pow(2).mean().getDouble();
          assertEquals(expected, losses.get(one[0]), 1e-4 * expected, one[0]);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"channel", "phi_s"})
  void headsGoThereAndBack(String form) {
    tiny = tiny(form);
    Map<String, NDArray> before = outputs();
    try (TargetScales scales = begun()) {
      Map<String, NDArray> during = outputs();
      Map<String, String> objectives = Map.of("words", "clip", "whole", "vit");
      objectives.forEach(
          (head, objective) ->
              assertArrayEquals(
                  scales.maps().get(objective).apply(before.get(head)).toFloatArray(),
                  during.get(head).toFloatArray(),
                  2e-4f,
                  "scaled " + head));
      Map<String, float[]> weights = TinyModels.values(tiny.student().arrays());
      scales.inTeachersSpace(() -> assertClose(before, outputs()));
      weights.forEach(
          (name, values) ->
              assertArrayEquals(values, tiny.student().arrays().get(name).toFloatArray(), name));
      scales.end();
      assertClose(before, outputs());
    }
  }

  /** It starts where the scaled targets are, and not where the teacher's are. */
  @Test
  void aFreshHeadIsNotMapped() {
    Map<String, float[]> before = TinyModels.values(tiny.student().arrays());
    Map<String, NDArray> own = outputs();
    try (TargetScales scales = begun("whole");
        StudentFeed feed = tiny.open("f", manager)) {
      Map<String, float[]> after = TinyModels.values(tiny.student().arrays());
      before.forEach(
          (name, values) ->
              assertEquals(
                  name.matches("words\\.mlp\\.layers\\.2\\..*|dense\\.blocks\\.[01]\\.2\\..*"),
                  !Arrays.equals(values, after.get(name)),
                  name));
      feed.standardise(scales.maps());
      double loss = feed.measure().losses().get().get("vit");
      try (Autograd off = Autograd.disabled()) {
        NDArray images = tiny.batch("f").batches().get(0).views().get("vit").toArray(manager);
        NDArray truth = teachers.model("vit").forward(images, Set.of("summary")).get("summary");
        NDArray target = scales.maps().get("vit").apply(truth);
        double expected = own.get("whole").sub(target).pow(2).mean().getFloat();
        assertEquals(expected, loss, 1e-4 * expected);
      }
      NDArray mapped = scales.maps().get("vit").inverse();
      NDArray expected =
          own.get("whole")
              .toType(DataType.FLOAT64, false)
              .matMul(mapped.transpose())
              .add(scales.maps().get("vit").mean())
              .toType(DataType.FLOAT32, false);
      scales.end();
      assertArrayEquals(
          expected.toFloatArray(), outputs().get("whole").toFloatArray(), 1e-5f, "at the end");
    }
  }

  /** Two layers of the same values must not be taken for one another. */
  @Test
  void aLookLeavesEqualArraysAsTheyWere() {
    try (TargetScales scales = begun()) {
      Map<String, NDArray> arrays = tiny.student().head("dense").module().arrays();
      List<String> biases =
          arrays.keySet().stream().filter(name -> name.endsWith("2.bias")).toList();
      assertEquals(2, biases.size(), arrays.keySet()::toString);
      for (String name : biases) {
        arrays.get(name).muli(0).addi(.5f);
      }
      scales.inTeachersSpace(() -> {});
      for (String name : biases) {
        for (float value : arrays.get(name).toFloatArray()) {
          assertEquals(.5f, value, name);
        }
      }
    }
  }

  /** What was learned in the scaled space is what the head says in the teacher's. */
  @Test
  void afterTrainingTheHeadsSpeakTheTeachersSpace() {
    try (TargetScales scales = begun();
        StudentFeed feed = tiny.open("f", manager)) {
      feed.standardise(scales.maps());
      Map<String, NDArray> learning = new LinkedHashMap<>(tiny.student().arrays());
      learning.keySet().removeIf(name -> !name.matches("(words|whole|dense)\\..*"));
      AdamW optimizer =
          new AdamW(
              new AdamW.Settings(.9, .98, 1e-6),
              List.of(new AdamW.Group(learning, 3e-3, 0)),
              manager);
      Trainer trainer = new Trainer(List.of(feed), optimizer, new CosineSchedule(0, 60, 1), 1);
      double first = trainer.step(0).losses().get("vit");
      double last = first;
      for (int step = 1; step < 60; step++) {
        last = trainer.step(step).losses().get("vit");
      }
      optimizer.close();
      assertTrue(last < first, first + " to " + last);
      Map<String, NDArray> scaled = outputs();
      scales.end();
      Map<String, NDArray> own = outputs();
      Map<String, String> objectives = Map.of("words", "clip", "whole", "vit");
      objectives.forEach(
          (head, objective) -> {
            NDArray x = scaled.get(head).toType(DataType.FLOAT64, false);
            NDArray expected =
                x.matMul(scales.maps().get(objective).inverse().transpose())
                    .add(scales.maps().get(objective).mean())
                    .toType(DataType.FLOAT32, false);
            assertArrayEquals(expected.toFloatArray(), own.get(head).toFloatArray(), 1e-5f, head);
          });
    }
  }
}
