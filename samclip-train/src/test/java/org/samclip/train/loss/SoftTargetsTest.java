package org.samclip.train.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;
import org.samclip.sam.Masks;
import org.samclip.train.MaskSpecs;
import org.samclip.train.recipe.ObjectiveSpec;
import org.samclip.train.recipe.ObjectiveSpec.Multimask;
import org.samclip.train.recipe.ObjectiveSpec.Target;

/**
 * What every term of distillation has to do: a student that says what the teacher says is at the
 * minimum, with no gradient, and whoever says something else is not below it. And the terms for
 * soft masks are their formulas.
 */
class SoftTargetsTest {

  /** Of gradients, whose entries are p - t over the number of pixels and the like. */
  private static final double NO_GRADIENT = 1e-7;

  /** Single precision's rounding of values of the order of 10: weights times temperatures. */
  private static final double ROUNDING = 3e-6;

  private static final Shape LOGITS = new Shape(2, 3, 4, 5, 6);
  private static final double[] TEMPERATURES = {.5, 1, 4};
  private static final double[] GAMMAS = {0, 1, 1.5, 2};
  private static final Double[] ALPHAS = {null, .25, 1.};

  private NDManager manager;
  private SplittableRandom random;

  @BeforeEach
  void start() {
    manager = LibTorch.newManager(Device.cpu());
    random = new SplittableRandom(7);
  }

  @AfterEach
  void stop() {
    manager.close();
  }

  static List<Arguments> masks() {
    List<Arguments> all = new ArrayList<>();
    for (double temperature : TEMPERATURES) {
      for (double gamma : GAMMAS) {
        for (Double alpha : ALPHAS) {
          all.add(Arguments.of(temperature, gamma, alpha));
        }
      }
    }
    return all;
  }

  static List<Arguments> decoders() {
    List<Arguments> all = new ArrayList<>();
    for (Multimask multimask : Multimask.values()) {
      for (double temperature : new double[] {1, 4}) {
        for (double gamma : new double[] {0, 1, 2}) {
          all.add(Arguments.of(temperature, gamma, null, multimask));
          all.add(Arguments.of(temperature, gamma, .25, multimask));
        }
      }
    }
    return all;
  }

  private NDArray normal(double deviation, Shape shape) {
    float[] values = new float[(int) shape.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (deviation * random.nextGaussian());
    }
    return manager.create(values, shape);
  }

  /** As SAM's logits are, small ones, and saturated ones of +-30. */
  private List<NDArray> teachers() {
    NDArray mixed = normal(10, LOGITS);
    NDArray saturated = mixed.sign().mul(30);
    return List.of(
        normal(1, LOGITS), mixed, saturated, mixed.get("0:1").concat(saturated.get("1:"), 0));
  }

  /** Others than the teacher: with noise, sharper, softer, with one pixel moved, turned round. */
  private List<NDArray> others(NDArray teacher) {
    List<NDArray> others = new ArrayList<>();
    for (double noise : new double[] {1e-3, .1, 1, 30}) {
      others.add(teacher.add(normal(noise, teacher.getShape())));
    }
    for (float factor : new float[] {2, 1.1f, .9f, 0, -1}) {
      others.add(teacher.mul(factor));
    }
    for (float shift : new float[] {-.1f, 5}) {
      others.add(teacher.add(shift));
      NDArray one = teacher.zerosLike();
      one.set(new ai.djl.ndarray.index.NDIndex("0"), shift);
      others.add(teacher.add(one));
    }
    return others;
  }

  /** The property, for a loss of one array. */
  private void assertMinimum(
      String label, NDArray teacher, Function<NDArray, NDArray> loss, List<NDArray> others) {
    NDArray student = teacher.duplicate();
    student.setRequiresGradient(true);
    try (Autograd on = Autograd.enabled()) {
      NDArray value = loss.apply(student);
      on.backward(value);
      float least = value.getFloat();
      assertEquals(0, least, ROUNDING, label);
      assertEquals(0, student.getGradient().abs().max().getFloat(), NO_GRADIENT, label);
      for (int i = 0; i < others.size(); i++) {
        float other = loss.apply(others.get(i)).getFloat();
        assertTrue(other >= least - ROUNDING, label + ": student " + i + " has " + other);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("masks")
  void singleMasks(double temperature, double gamma, Double alpha) {
    double a = alpha == null ? Losses.NO_ALPHA : alpha;
    for (NDArray teacher : teachers()) {
      List<NDArray> others = others(teacher);
      assertMinimum(
          "quality focal",
          teacher,
          z -> Losses.qualityFocal(z, teacher, a, gamma, temperature).mean(),
          others);
      assertMinimum(
          "dice", teacher, z -> Losses.squaredDice(z, teacher, temperature).mean(), others);
    }
  }

  @ParameterizedTest
  @MethodSource("decoders")
  void allOfTheDecodersAnswers(
      double temperature, double gamma, Double alpha, Multimask multimask) {
    NDArray iou = normal(.3, LOGITS.slice(0, 3)).add(.5f);
    NDArray isPoint = manager.create(new float[] {1, 0, 1, 0, 0, 1}, LOGITS.slice(0, 2));
    MaskLoss loss =
        new MaskLoss(MaskSpecs.of(5, 2, alpha, gamma, 3, temperature, Target.SOFT, multimask));
    for (NDArray logits : teachers()) {
      Masks teacher = new Masks(logits, iou);
      assertMinimum(
          "logits",
          logits,
          z -> loss.distilled(new Masks(z, iou), teacher, isPoint).total(),
          others(logits));
    }
    Masks teacher = new Masks(normal(10, LOGITS), iou);
    assertMinimum(
        "IoU",
        iou,
        q -> loss.distilled(new Masks(teacher.logits(), q), teacher, isPoint).total(),
        others(iou));
  }

  @Test
  void predictedIou() {
    NDArray teacher = normal(1, new Shape(3, 4));
    assertMinimum("iou", teacher, q -> Losses.meanSquared(q, teacher), others(teacher));
  }

  @Test
  void embeddings() {
    for (double length : new double[] {.1, 1, 30}) {
      NDArray teacher = normal(length, new Shape(5, 16));
      assertMinimum("cosine", teacher, x -> Losses.cosine(x, teacher), others(teacher));
    }
  }

  /** Not so with SAM's own losses: with {@code target: hard} a sharper student has less. */
  @Test
  void hardTargetsSharpen() {
    MaskLoss loss = new MaskLoss(MaskSpecs.of(20, 1, .25, 2., 0, 1, Target.HARD, Multimask.ALL));
    NDArray iou = manager.zeros(LOGITS.slice(0, 3));
    NDArray isPoint = manager.ones(LOGITS.slice(0, 2));
    Masks teacher = new Masks(normal(3, LOGITS), iou);
    Masks sharper = new Masks(teacher.logits().mul(2), iou);
    float own = loss.distilled(teacher, teacher, isPoint).total().getFloat();
    float less = loss.distilled(sharper, teacher, isPoint).total().getFloat();
    assertTrue(less < .75 * own, less + " of " + own);
  }

  /** In double precision, pixel by pixel. */
  @ParameterizedTest
  @MethodSource("masks")
  void theFormulas(double temperature, double gamma, Double alpha) {
    Shape shape = new Shape(2, 4, 5);
    NDArray student = normal(3, shape);
    NDArray teacher = normal(3, shape);
    double a = alpha == null ? Losses.NO_ALPHA : alpha;
    float[] focal = Losses.qualityFocal(student, teacher, a, gamma, temperature).toFloatArray();
    float[] dice = Losses.squaredDice(student, teacher, temperature).toFloatArray();
    float[] z = student.toFloatArray();
    float[] w = teacher.toFloatArray();
    for (int mask = 0; mask < 2; mask++) {
      double pixels = 0;
      double both = 0;
      double squares = 0;
      for (int i = 20 * mask; i < 20 * mask + 20; i++) {
        double p = 1 / (1 + Math.exp(-z[i] / temperature));
        double t = 1 / (1 + Math.exp(-w[i] / temperature));
        double entropy = -t * Math.log(p) - (1 - t) * Math.log(1 - p);
        double own = -t * Math.log(t) - (1 - t) * Math.log(1 - t);
        double weight = alpha == null ? 1 : alpha * t + (1 - alpha) * (1 - t);
        double term = gamma == 0 ? entropy - own : Math.pow(Math.abs(p - t), gamma) * entropy;
        pixels += weight * term / 20;
        both += p * t;
        squares += p * p + t * t;
      }
      double square = temperature * temperature;
      assertEquals(square * pixels, focal[mask], 1e-6 + 1e-5 * square * pixels, "focal");
      double expected = square * (1 - (2 * both + 1) / (squares + 1));
      assertEquals(expected, dice[mask], 1e-6 + 1e-5 * expected, "dice");
    }
  }

  /** One prompt is a point, the other a box; losses and shares by hand. */
  @Test
  void pointsAndBoxesTrainTheirTokens() {
    Shape shape = new Shape(1, 2, 4, 3, 3);
    Masks student = new Masks(normal(2, shape), normal(1, shape.slice(0, 3)));
    Masks teacher = new Masks(normal(2, shape), normal(1, shape.slice(0, 3)));
    float[] focal =
        Losses.qualityFocal(student.logits(), teacher.logits(), .25, 2, 1).toFloatArray();
    float[] dice = Losses.squaredDice(student.logits(), teacher.logits(), 1).toFloatArray();
    float[] each = new float[8];
    for (int i = 0; i < 8; i++) {
      each[i] = 5 * focal[i] + 2 * dice[i];
    }
    int best = 1;
    for (int i = 2; i < 4; i++) {
      best = each[i] < each[best] ? i : best;
    }
    for (Multimask multimask : Multimask.values()) {
      double[] share = {.25, 0, 0, 0, .5, 0, 0, 0};
      for (int i = 1; i < 4; i++) {
        share[i] = multimask == Multimask.ALL ? .25 / 3 : i == best ? .25 : 0;
      }
      double ofFocal = 0;
      double ofDice = 0;
      double ofIou = 0;
      float[] q = student.iou().toFloatArray();
      float[] u = teacher.iou().toFloatArray();
      for (int i = 0; i < 8; i++) {
        ofFocal += share[i] * 5 * focal[i];
        ofDice += share[i] * 2 * dice[i];
        ofIou += 3 * (q[i] - u[i]) * (q[i] - u[i]) / 8.;
      }
      ObjectiveSpec spec = MaskSpecs.of(5, 2, .25, 2, 3, 1, Target.SOFT, multimask);
      NDArray isPoint = manager.create(new float[] {1, 0}, new Shape(1, 2));
      MaskLoss.Terms terms = new MaskLoss(spec).distilled(student, teacher, isPoint);
      assertEquals(ofFocal, terms.focal().getFloat(), 1e-5 * ofFocal);
      assertEquals(ofDice, terms.dice().getFloat(), 1e-5 * ofDice);
      assertEquals(ofIou, terms.iou().getFloat(), 1e-5 * ofIou);
    }
  }

  /** A term without weight is no part of the graph. */
  @Test
  void termsWithoutWeightReachNothing() {
    Masks teacher = new Masks(normal(2, LOGITS), normal(1, LOGITS.slice(0, 3)));
    NDArray isPoint = manager.ones(LOGITS.slice(0, 2));
    double[][] weights = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    for (double[] weight : weights) {
      NDArray logits = normal(2, LOGITS);
      NDArray iou = normal(1, LOGITS.slice(0, 3));
      logits.setRequiresGradient(true);
      iou.setRequiresGradient(true);
      ObjectiveSpec spec =
          MaskSpecs.of(weight[0], weight[1], null, 0, weight[2], 1, Target.SOFT, Multimask.BEST);
      try (Autograd on = Autograd.enabled()) {
        MaskLoss.Terms terms =
            new MaskLoss(spec).distilled(new Masks(logits, iou), teacher, isPoint);
        NDArray[] all = {terms.focal(), terms.dice(), terms.iou()};
        for (int i = 0; i < 3; i++) {
          NDArray term = all[i];
          if (weight[i] > 0) {
            on.backward(term);
            assertTrue(term.getFloat() > 0);
          } else {
            assertThrows(RuntimeException.class, () -> on.backward(term));
            assertEquals(0, term.getFloat());
          }
        }
      }
    }
  }
}
