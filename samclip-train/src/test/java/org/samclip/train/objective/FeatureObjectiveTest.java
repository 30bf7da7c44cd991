package org.samclip.train.objective;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.samclip.UserError;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.model.TextAlignedModel;
import org.samclip.train.TinyFeeds;
import org.samclip.train.feed.ImageBatch;
import org.samclip.train.feed.ImageView;
import org.samclip.train.teacher.Teachers;

/** Every term as a recipe words it, and both ways to one grid, against float64 formulas. */
@Timeout(60)
class FeatureObjectiveTest {

  private static final String HEADS =
      "{words: {kind: linear, to: clip.summary}, whole: {kind: linear, to: vit.summary},"
          + " dense: {kind: linear, output: spatial, to: vit.spatial}}";
  private static final List<String> TEXTS = List.of("w1 w2", "w3", "w4 w0", "w5 w6 w1");

  @TempDir Path folder;
  private NDManager manager;
  private Teachers teachers;

  @BeforeEach
  void start() {
    manager = LibTorch.newManager(Device.cpu());
    teachers = TinyFeeds.teachers(manager);
  }

  @AfterEach
  void stop() {
    manager.close();
  }

  private TinyFeeds tiny(String keys, String objective) {
    String feed =
        "{f: {data: images, batch_size: 5, resolutions: [32], %s objectives: {o: {%s}}}}"
            .formatted(keys, objective);
    return TinyFeeds.of(manager, teachers, TinyFeeds.PLAIN, HEADS, feed);
  }

  private Map<String, Double> measured(TinyFeeds tiny) {
    try (StudentFeed feed = tiny.open("f", manager)) {
      return feed.measure().losses().get();
    }
  }

  /** A head's output for the feed's first batch. */
  private NDArray student(TinyFeeds tiny, String head, String output) {
    try (Autograd off = Autograd.disabled()) {
      NDArray images = tiny.batch("f").batches().get(0).student().toArray(manager);
      return tiny.student().forward(images, Map.of(head, Set.of(output))).get(head).get(output);
    }
  }

  private NDArray teacher(TinyFeeds tiny, String name, String output) {
    try (Autograd off = Autograd.disabled()) {
      ImageBatch batch = tiny.batch("f").batches().get(0);
      ImageView view = batch.views().get(name);
      return teachers.model(name).forward(view.toArray(manager), Set.of(output)).get(output);
    }
  }

  /** [..., D] as rows. */
  private static double[][] rows(NDArray array) {
    Shape shape = array.getShape();
    int width = (int) shape.get(shape.dimension() - 1);
    float[] flat = array.toFloatArray();
    double[][] rows = new double[flat.length / width][width];
    for (int i = 0; i < flat.length; i++) {
      rows[i / width][i % width] = flat[i];
    }
    return rows;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static double cosine(double[] a, double[] b) {
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  }

  private interface OfDifference {
    double at(double difference);
  }

  private static double mean(double[][] s, double[][] t, OfDifference of) {
    double sum = 0;
    for (int i = 0; i < s.length; i++) {
      for (int j = 0; j < s[i].length; j++) {
        sum += of.at(Math.abs(s[i][j] - t[i][j]));
      }
    }
    return sum / s.length / s[0].length;
  }

  private static double smooth(double difference, double beta) {
    return difference < beta ? difference * difference / 2 / beta : difference - beta / 2;
  }

  /** Distances of all pairs over their mean. */
  private static List<Double> distances(double[][] x) {
    List<Double> all = new ArrayList<>();
    for (int i = 0; i < x.length; i++) {
      for (int j = i + 1; j < x.length; j++) {
        double sum = 0;
        for (int k = 0; k < x[i].length; k++) {
          sum += Math.pow(x[i][k] - x[j][k], 2);
        }
        all.add(Math.sqrt(sum));
      }
    }
    double mean = all.stream().mapToDouble(d -> d).average().orElseThrow();
    return all.stream().map(d -> d / mean).toList();
  }

  private static double relational(double[][] s, double[][] t, boolean wrongOnly) {
    List<Double> own = distances(s);
    List<Double> truth = distances(t);
    // Of an even number of values torch's median is the lower one.
    double median = truth.stream().sorted().toList().get((truth.size() - 1) / 2);
    double sum = 0;
    for (int i = 0; i < own.size(); i++) {
      double a = own.get(i);
      double b = truth.get(i);
      boolean wrong = b < median ? a > b : a < b;
      sum += wrong || !wrongOnly ? smooth(Math.abs(a - b), 1) : 0;
    }
    return sum / own.size();
  }

  private static double gram(double[][] s, double[][] t, int patches) {
    double sum = 0;
    for (int image = 0; image < s.length; image += patches) {
      for (int i = image; i < image + patches; i++) {
        for (int j = image; j < image + patches; j++) {
          sum += Math.pow(cosine(s[i], s[j]) - cosine(t[i], t[j]), 2);
        }
      }
    }
    return sum / s.length / patches;
  }

  private static double similarity(double[][] s, double[][] t, double[][] bank, double scale) {
    double sum = 0;
    for (int i = 0; i < s.length; i++) {
      double[] p = shares(t[i], bank, scale);
      double[] q = shares(s[i], bank, scale);
      for (int k = 0; k < bank.length; k++) {
        sum += p[k] * Math.log(p[k] / q[k]);
      }
    }
    return sum / s.length;
  }

  private static double[] shares(double[] x, double[][] bank, double scale) {
    double[] shares =
        Arrays.stream(bank).mapToDouble(b -> Math.exp(scale * cosine(x, b))).toArray();
    double sum = Arrays.stream(shares).sum();
    return Arrays.stream(shares).map(share -> share / sum).toArray();
  }

  private static double angle(double[][] s, double[][] t) {
    double sum = 0;
    for (int i = 0; i < s.length; i++) {
      sum += Math.pow(Math.acos(cosine(s[i], t[i])), 2);
    }
    return sum / s.length;
  }

  private static double cosines(double[][] s, double[][] t) {
    double sum = 0;
    for (int i = 0; i < s.length; i++) {
      sum += 1 - cosine(s[i], t[i]);
    }
    return sum / s.length;
  }

  /** A term with its numbers, and what it is for summaries of five images. */
  private record Case(FeatureTerm term, String numbers, Formula formula) {

    @Override
    public String toString() {
      return term + " " + numbers;
    }
  }

  private interface Formula {
    double of(double[][] student, double[][] teacher, double[][] bank);
  }

  static List<Case> summaries() {
    return List.of(
        new Case(FeatureTerm.COSINE, "", (s, t, b) -> cosines(s, t)),
        new Case(FeatureTerm.MSE, "", (s, t, b) -> mean(s, t, d -> d * d)),
        new Case(FeatureTerm.L1, "", (s, t, b) -> mean(s, t, d -> d)),
        new Case(FeatureTerm.SMOOTH_L1, "", (s, t, b) -> mean(s, t, d -> smooth(d, 1))),
        new Case(FeatureTerm.SMOOTH_L1, "beta: 0.1", (s, t, b) -> mean(s, t, d -> smooth(d, .1))),
        new Case(FeatureTerm.ANGLE, "", (s, t, b) -> angle(s, t)),
        new Case(FeatureTerm.ANGLE, "dispersion: 0.25", (s, t, b) -> angle(s, t) / .25),
        new Case(FeatureTerm.RELATIONAL, "", (s, t, b) -> relational(s, t, false)),
        new Case(FeatureTerm.ASYMMETRIC_RELATIONAL, "", (s, t, b) -> relational(s, t, true)),
        new Case(FeatureTerm.SIMILARITY, "", (s, t, b) -> similarity(s, t, b, 100)),
        new Case(FeatureTerm.SIMILARITY, "scale: 7", (s, t, b) -> similarity(s, t, b, 7)));
  }

  private static String label(FeatureTerm term) {
    return term.name().toLowerCase(Locale.ROOT);
  }

  @ParameterizedTest
  @MethodSource("summaries")
  void termsOfSummaries(Case one) throws IOException {
    Path texts = Files.writeString(folder.resolve("texts.txt"), String.join("\n\n", TEXTS) + "\n");
    String numbers = one.numbers.isEmpty() ? "" : ", " + one.numbers;
    String bank =
        one.term == FeatureTerm.SIMILARITY
            ? ", texts: \"" + texts.toString().replace('\\', '/') + "\""
            : "";
    TinyFeeds tiny =
        tiny(
            "",
            "head: words, teacher: clip.summary, loss: {%s: {weight: 3%s}}%s"
                .formatted(label(one.term), numbers, bank));
    NDArray embedded;
    try (Autograd off = Autograd.disabled()) {
      embedded =
          teachers
              .model("clip")
              .as(TextAlignedModel.class)
              .orElseThrow()
              .embedTexts(manager, TEXTS);
    }
    double expected =
        one.formula.of(
            rows(student(tiny, "words", "summary")),
            rows(teacher(tiny, "clip", "summary")),
            rows(embedded));
    assertTrue(expected > 1e-3, () -> "says nothing: " + expected);
    assertEquals(3 * expected, measured(tiny).get("o"), 2e-4 * 3 * expected);
  }

  /** The values of channels-first features, patch by patch. */
  private static double[][] patches(NDArray features) {
    return rows(features.transpose(0, 2, 3, 1));
  }

  static Stream<Case> ofPatches() {
    return Stream.of(
        new Case(FeatureTerm.COSINE, "", (s, t, b) -> cosines(s, t)),
        new Case(FeatureTerm.MSE, "", (s, t, b) -> mean(s, t, d -> d * d)),
        new Case(FeatureTerm.L1, "", (s, t, b) -> mean(s, t, d -> d)),
        new Case(FeatureTerm.SMOOTH_L1, "beta: 2", (s, t, b) -> mean(s, t, d -> smooth(d, 2))),
        new Case(FeatureTerm.ANGLE, "", (s, t, b) -> angle(s, t)),
        new Case(FeatureTerm.GRAM, "", (s, t, b) -> gram(s, t, 16)));
  }

  @ParameterizedTest
  @MethodSource("ofPatches")
  void termsOfPatches(Case one) {
    String numbers = one.numbers.isEmpty() ? "" : ", " + one.numbers;
    TinyFeeds tiny =
        tiny(
            "sides: {vit: same},",
            "head: dense, teacher: vit.spatial, loss: {%s: {weight: 0.5%s}}"
                .formatted(label(one.term), numbers));
    double expected =
        one.formula.of(
            patches(student(tiny, "dense", "spatial")),
            patches(teacher(tiny, "vit", "spatial")),
            null);
    assertEquals(.5 * expected, measured(tiny).get("o"), 1e-4 * expected);
  }

  @Test
  void everyTermHasACase() {
    Set<FeatureTerm> seen = EnumSet.noneOf(FeatureTerm.class);
    summaries().forEach(one -> seen.add(one.term));
    ofPatches().forEach(one -> seen.add(one.term));
    assertEquals(EnumSet.allOf(FeatureTerm.class), seen);
  }

  @Test
  void termsAddUpAndAreToldApart() {
    TinyFeeds tiny =
        tiny("", "head: whole, teacher: vit.summary, weight: 9, loss: {mse: 2, cosine: 1}");
    Map<String, Double> losses = measured(tiny);
    assertEquals(List.of("o", "o_mse", "o_cosine"), List.copyOf(losses.keySet()));
    double[][] s = rows(student(tiny, "whole", "summary"));
    double[][] t = rows(teacher(tiny, "vit", "summary"));
    assertEquals(2 * mean(s, t, d -> d * d), losses.get("o_mse"), 1e-4 * losses.get("o_mse"));
    assertEquals(cosines(s, t), losses.get("o_cosine"), 1e-5);
    assertEquals(losses.get("o_mse") + losses.get("o_cosine"), losses.get("o"), 1e-9);
  }

  /** Bilinear with half-pixel centres, without smoothing: [B, D, h, w] to [B, D, n, n]. */
  private static double[][][] resized(NDArray features, int n) {
    Shape shape = features.getShape();
    int b = (int) shape.get(0);
    int d = (int) shape.get(1);
    int m = (int) shape.get(2);
    float[] flat = features.toFloatArray();
    double[][][] all = new double[b][n * n][d];
    for (int image = 0; image < b; image++) {
      for (int c = 0; c < d; c++) {
        for (int y = 0; y < n; y++) {
          for (int x = 0; x < n; x++) {
            double sy = Math.max(0, (y + .5) * m / n - .5);
            double sx = Math.max(0, (x + .5) * m / n - .5);
            int y0 = (int) sy;
            int x0 = (int) sx;
            int y1 = Math.min(m - 1, y0 + 1);
            int x1 = Math.min(m - 1, x0 + 1);
            int at = (image * d + c) * m * m;
            double top =
                flat[at + y0 * m + x0] * (1 - (sx - x0)) + flat[at + y0 * m + x1] * (sx - x0);
            double low =
                flat[at + y1 * m + x0] * (1 - (sx - x0)) + flat[at + y1 * m + x1] * (sx - x0);
            all[image][y * n + x][c] = top * (1 - (sy - y0)) + low * (sy - y0);
          }
        }
      }
    }
    return all;
  }

  /** The student has 4 x 4 patches, its teacher 2 x 2 or 10 x 10. */
  @ParameterizedTest
  @CsvSource({"16, , 2", "16, smaller, 2", "16, larger, 4", "80, smaller, 4", "80, larger, 10"})
  void gridsOfDifferentSizesMeet(int side, String grid, int expected) {
    String keys = grid == null ? "" : ", grid: " + grid;
    TinyFeeds tiny =
        tiny(
            "sides: {vit: \"%d\"},".formatted(side),
            "head: dense, teacher: vit.spatial, loss: {mse: 1}" + keys);
    double[][][] s = resized(student(tiny, "dense", "spatial"), expected);
    double[][][] t = resized(teacher(tiny, "vit", "spatial"), expected);
    double sum = 0;
    for (int i = 0; i < s.length; i++) {
      sum += mean(s[i], t[i], d -> d * d) / s.length;
    }
    assertEquals(sum, measured(tiny).get("o"), 1e-4 * sum);
  }

  @Test
  void aBankOfOneTextIsRefused() throws IOException {
    Path texts = Files.writeString(folder.resolve("one.txt"), "w1\n\n");
    TinyFeeds tiny =
        tiny(
            "",
            "head: words, teacher: clip.summary, loss: {similarity: 1}, texts: \"%s\""
                .formatted(texts.toString().replace('\\', '/')));
    String message = assertThrows(UserError.class, () -> tiny.open("f", manager)).getMessage();
    assertTrue(message.contains("has 1 texts; allowed: two or more"), message);
  }
}
