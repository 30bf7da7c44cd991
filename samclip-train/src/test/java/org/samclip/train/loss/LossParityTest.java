package org.samclip.train.loss;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.parity.Vectors;
import org.samclip.parity.Vectors.Tolerance;
import org.samclip.train.MaskSpecs;
import org.samclip.train.recipe.ObjectiveSpec;
import org.samclip.train.recipe.ObjectiveSpec.Multimask;
import org.samclip.train.recipe.ObjectiveSpec.Target;

/** Values and gradients of every loss, against the vectors in {@code losses} and CLIP's loss. */
class LossParityTest {

  private static final String FILE = "losses";

  private static NDManager base;
  private NDManager manager;
  private Vectors vectors;

  @BeforeAll
  static void start() {
    base = LibTorch.newManager(Device.cpu());
  }

  @AfterAll
  static void stop() {
    base.close();
  }

  @BeforeEach
  void load() {
    manager = base.newSubManager();
    vectors = Vectors.load(FILE);
  }

  @AfterEach
  void close() {
    manager.close();
  }

  /** The numbers that the side file states in words. */
  private record Stated(double focalWeight, double diceWeight, double alpha, double gamma) {

    static Stated read(JsonNode definitions) {
      return new Stated(
          number(definitions, "mask_total", "([\\d.]+) \\* focal"),
          number(definitions, "mask_total", "([\\d.]+) \\* dice"),
          number(definitions, "focal", "alpha ([\\d.]+)"),
          number(definitions, "focal", "gamma ([\\d.]+)"));
    }

    ObjectiveSpec spec() {
      return MaskSpecs.of(focalWeight, diceWeight, alpha, gamma, 1, 1, Target.HARD, Multimask.BEST);
    }

    static double number(JsonNode definitions, String key, String pattern) {
      Matcher matcher = Pattern.compile(pattern).matcher(definitions.get(key).asText());
      if (!matcher.find()) {
        throw new IllegalStateException(key + " states no " + pattern);
      }
      String digits = matcher.group(1);
      return Double.parseDouble(digits.endsWith(".") ? digits + "0" : digits);
    }
  }

  private BinaryOperator<NDArray> loss(String name) {
    JsonNode definitions = vectors.json().get("definitions");
    Stated stated = Stated.read(definitions);
    return switch (name) {
      case "focal", "focal_extreme" ->
          (logits, target) -> Losses.focal(logits, target, stated.alpha, stated.gamma);
      case "focal_no_alpha" ->
          (logits, target) -> Losses.focal(logits, target, Losses.NO_ALPHA, stated.gamma);
      case "focal_gamma0" -> (logits, target) -> Losses.focal(logits, target, Losses.NO_ALPHA, 0);
      case "dice", "dice_extreme" -> Losses::dice;
      case "mask_total" ->
          (logits, target) -> new MaskLoss(stated.spec()).againstMask(logits, target).total();
      default -> {
        assertTrue(name.startsWith("focal_"), name);
        double alpha = Stated.number(definitions, name, "alpha ([\\d.]+)");
        double gamma = Stated.number(definitions, name, "gamma ([\\d.]+)");
        yield (logits, target) -> Losses.focal(logits, target, alpha, gamma);
      }
    };
  }

  /** Every loss of single masks in the vectors, such as {@code focal.hard}. */
  static List<String> maskLosses() {
    return Vectors.load(FILE).names(FILE).stream()
        .filter(name -> name.endsWith(".each") && !name.startsWith("many."))
        .map(name -> name.substring(0, name.length() - ".each".length()))
        .sorted()
        .toList();
  }

  @ParameterizedTest
  @MethodSource("maskLosses")
  void maskLossesAndGradients(String label) {
    String name = label.substring(0, label.indexOf('.'));
    String kind = label.substring(label.indexOf('.') + 1);
    NDArray logits = leaf(name.endsWith("_extreme") ? "input.extreme_logits" : "input.logits");
    NDArray target = vectors.array("input.target." + kind, manager);
    try (Autograd on = Autograd.enabled()) {
      NDArray each = loss(name).apply(logits, target);
      value(label + ".each", each);
      NDArray mean = each.mean();
      value(label, mean);
      on.backward(mean);
    }
    gradient(label + ".grad", logits);
  }

  /** A prompt's masks in one call give what each gives alone: leading axes are free. */
  @Test
  void leadingAxesAreFree() {
    NDArray logits = vectors.array("input.logits", manager);
    NDArray target = vectors.array("input.target.soft", manager);
    BinaryOperator<NDArray> loss = loss("mask_total");
    NDArray stacked = loss.apply(logits.expandDims(0), target.expandDims(0));
    assertEquals(new Shape(1, logits.getShape().get(0)), stacked.getShape());
    assertArrayEquals(loss.apply(logits, target).toFloatArray(), stacked.toFloatArray());
  }

  @Test
  void squaredErrorOfPredictedIou() {
    NDArray predicted = leaf("input.iou.predicted");
    try (Autograd on = Autograd.enabled()) {
      NDArray loss = Losses.meanSquared(predicted, vectors.array("input.iou.true", manager));
      value("iou_mse", loss);
      on.backward(loss);
    }
    gradient("iou_mse.grad", predicted);
  }

  @ParameterizedTest
  @ValueSource(strings = {"cosine", "cosine_tokens"})
  void cosine(String name) {
    String suffix = name.substring("cosine".length());
    NDArray student = leaf("input.student" + suffix);
    NDArray teacher = vectors.array("input.teacher" + suffix, manager);
    try (Autograd on = Autograd.enabled()) {
      NDArray loss = Losses.cosine(student, teacher);
      value(name, loss);
      on.backward(loss);
    }
    gradient(name + ".grad", student);
  }

  @Test
  void ofSeveralMasksOnlyTheBestGetsGradient() {
    NDArray logits = leaf("input.many.logits");
    NDArray predicted = leaf("input.many.iou_predicted");
    NDArray single = vectors.array("input.many.target", manager);
    NDArray target = single.expandDims(1).broadcast(logits.getShape());
    NDArray truth = vectors.array("many.iou_true", manager);
    try (Autograd on = Autograd.enabled()) {
      value("many.focal", loss("focal").apply(logits, target));
      value("many.dice", loss("dice").apply(logits, target));
      NDArray each = loss("mask_total").apply(logits, target);
      value("many.mask_loss.each", each);
      assertArrayEquals(vectors.longs(FILE, "many.best"), each.argMin(1).toLongArray());
      NDArray chosen = MaskLoss.among(each, Multimask.BEST);
      NDArray mask = each.mul(chosen).sum(new int[] {1}).mean();
      value("many.mask_loss", mask);
      NDArray iou = Losses.meanSquared(predicted, truth);
      value("many.iou_loss", iou);
      NDArray total = mask.add(iou);
      value("many.total", total);
      on.backward(total);
    }
    gradient("many.logits.grad", logits);
    gradient("many.iou_predicted.grad", predicted);
    notChosenGetNothing(logits.getGradient());
  }

  private void notChosenGetNothing(NDArray gradient) {
    long[] best = vectors.longs(FILE, "many.best");
    long masks = gradient.getShape().get(1);
    for (int prompt = 0; prompt < best.length; prompt++) {
      for (int mask = 0; mask < masks; mask++) {
        float largest = gradient.get(prompt, mask).abs().max().getFloat();
        assertEquals(mask == best[prompt], largest > 0, "prompt " + prompt + " mask " + mask);
      }
    }
  }

  /** Logits at which the naive formulas give 0 times infinity. */
  @ParameterizedTest
  @ValueSource(doubles = {0, .5, 1, 1.5, 2, 5})
  void gradientsAreFiniteAtEveryLogit(double gamma) {
    float[] values = {0, -0f, 1e-8f, 17, -17, 40, -40, 88, -89, 104, -104, 1e4f, -1e4f, 1e30f};
    for (float target : new float[] {0, .25f, 1}) {
      NDArray logits = manager.create(values, new Shape(1, values.length));
      logits.setRequiresGradient(true);
      NDArray targets = logits.zerosLike().add(target);
      try (Autograd on = Autograd.enabled()) {
        NDArray loss = Losses.focal(logits, targets, .25, gamma).add(Losses.dice(logits, targets));
        on.backward(loss.sum());
        String label = "gamma " + gamma + ", target " + target;
        float[] gradient = logits.getGradient().toFloatArray();
        for (int i = 0; i < values.length; i++) {
          assertTrue(Float.isFinite(gradient[i]), label + ", logit " + values[i]);
        }
        assertTrue(Float.isFinite(loss.sum().getFloat()), label);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"quick_gelu", "gelu"})
  void contrastive(String variant) {
    Vectors clip = Vectors.load("clip_tiny");
    String file = "clip_tiny_" + variant + "_io";
    NDArray logits = clip.array(file, "logits_per_image", manager);
    clip.assertClose(
        variant,
        Losses.contrastive(logits),
        file,
        "loss.contrastive",
        clip.tolerance(variant, "outputs"));
  }

  /** Gradient of the mean of two cross entropies: (softmax rows + softmax columns - 2 I) / 2B. */
  @Test
  void contrastiveGradientFollowsTheFormula() {
    double[][] z = {{1, -2, .5}, {0, 3, -1}, {.25, 4, 2}};
    NDArray logits = manager.create(new Shape(3, 3));
    logits.set(flat(z));
    logits.setRequiresGradient(true);
    try (Autograd on = Autograd.enabled()) {
      on.backward(Losses.contrastive(logits));
    }
    float[] expected = new float[9];
    for (int i = 0; i < 3; i++) {
      for (int j = 0; j < 3; j++) {
        double row = 0;
        double column = 0;
        for (int k = 0; k < 3; k++) {
          row += Math.exp(z[i][k]);
          column += Math.exp(z[k][j]);
        }
        double p = Math.exp(z[i][j]) / row + Math.exp(z[i][j]) / column - (i == j ? 2 : 0);
        expected[3 * i + j] = (float) (p / 6);
      }
    }
    Vectors.assertClose("gradient", logits.getGradient().toFloatArray(), expected, 1e-5, 1e-7);
  }

  private static float[] flat(double[][] rows) {
    float[] values = new float[rows.length * rows[0].length];
    double[] all = Arrays.stream(rows).flatMapToDouble(Arrays::stream).toArray();
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) all[i];
    }
    return values;
  }

  private NDArray leaf(String name) {
    NDArray array = vectors.array(name, manager);
    array.setRequiresGradient(true);
    return array;
  }

  private void value(String name, NDArray got) {
    vectors.assertClose(name, got, FILE, name, vectors.tolerance("values"));
  }

  private void gradient(String name, NDArray leaf) {
    Tolerance tolerance = vectors.tolerance("gradients");
    vectors.assertClose(name, leaf.getGradient(), FILE, name, tolerance);
  }
}
