package org.samclip.train.loss;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BinaryOperator;
import java.util.function.ToDoubleBiFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.LibTorch;

/** Terms over features are their formulas, and smallest, without gradient, at the teacher. */
class FeatureLossesTest {

  private static final int B = 5;
  private static final int D = 6;

  private NDManager manager;
  private SplittableRandom random;

  @BeforeEach
  void start() {
    manager = LibTorch.newManager(Device.cpu());
    random = new SplittableRandom(3);
  }

  @AfterEach
  void stop() {
    manager.close();
  }

  private double[][] rows(int count, int width, double size) {
    double[][] rows = new double[count][width];
    for (double[] row : rows) {
      for (int i = 0; i < width; i++) {
        row[i] = (float) (size * random.nextGaussian());
      }
    }
    return rows;
  }

  private NDArray array(double[][] rows) {
    float[] flat = new float[rows.length * rows[0].length];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = (float) rows[i / rows[0].length][i % rows[0].length];
    }
    return manager.create(flat, new Shape(rows.length, rows[0].length));
  }

  /** A bank of three texts for the similarities. */
  private static NDArray bank(NDManager manager) {
    float r = (float) Math.sqrt(.5);
    return manager.create(
        new float[] {1, 0, 0, 0, 0, 0, 0, r, r, 0, 0, 0, 0, 0, 0, .6f, 0, .8f}, new Shape(3, D));
  }

  private static BinaryOperator<NDArray> gramOfOneImage() {
    return (s, t) -> FeatureLosses.gram(s.expandDims(0), t.expandDims(0));
  }

  static List<Arguments> terms() {
    return List.of(
        term("mse", FeatureLosses::mse, (s, t) -> mean(s, t, x -> x * x)),
        term("l1", FeatureLosses::l1, (s, t) -> mean(s, t, Math::abs)),
        term(
            "smooth l1",
            (s, t) -> FeatureLosses.smoothL1(s, t, .7),
            (s, t) -> mean(s, t, x -> smooth(x, .7))),
        term(
            "angle",
            (s, t) -> FeatureLosses.angle(s, t, .4),
            (s, t) -> {
              double sum = 0;
              for (int i = 0; i < s.length; i++) {
                sum += Math.pow(Math.acos(dot(unit(s[i]), unit(t[i]))), 2);
              }
              return sum / s.length / .4;
            }),
        term("relational", FeatureLosses::relational, (s, t) -> relational(s, t, false)),
        term("asymmetric", FeatureLosses::asymmetricRelational, (s, t) -> relational(s, t, true)),
        term(
            "gram",
            gramOfOneImage(),
            (s, t) -> {
              double sum = 0;
              for (int i = 0; i < s.length; i++) {
                for (int j = 0; j < s.length; j++) {
                  double off = dot(unit(s[i]), unit(s[j])) - dot(unit(t[i]), unit(t[j]));
                  sum += off * off;
                }
              }
              return sum / s.length / s.length;
            }),
        term(
            "similarities",
            (s, t) -> FeatureLosses.similarities(s, t, bank(s.getManager()), 10),
            FeatureLossesTest::divergence));
  }

  private static Arguments term(
      String name,
      BinaryOperator<NDArray> term,
      ToDoubleBiFunction<double[][], double[][]> formula) {
    return Arguments.of(name, term, formula);
  }

  private interface OfDifference {
    double of(double x);
  }

  private static double mean(double[][] s, double[][] t, OfDifference f) {
    double sum = 0;
    for (int i = 0; i < s.length; i++) {
      for (int j = 0; j < s[0].length; j++) {
        sum += f.of(s[i][j] - t[i][j]);
      }
    }
    return sum / s.length / s[0].length;
  }

  private static double smooth(double x, double beta) {
    return Math.abs(x) < beta ? x * x / 2 / beta : Math.abs(x) - beta / 2;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static double[] unit(double[] a) {
    double size = Math.sqrt(dot(a, a));
    return Arrays.stream(a).map(x -> x / size).toArray();
  }

  private static List<Double> distances(double[][] x) {
    List<Double> all = new ArrayList<>();
    for (int i = 0; i < x.length; i++) {
      for (int j = i + 1; j < x.length; j++) {
        double[] off = x[i].clone();
        for (int k = 0; k < off.length; k++) {
          off[k] -= x[j][k];
        }
        all.add(Math.sqrt(dot(off, off)));
      }
    }
    double mean = all.stream().mapToDouble(d -> d).average().orElseThrow();
    return all.stream().map(d -> d / mean).toList();
  }

  private static double relational(double[][] s, double[][] t, boolean asymmetric) {
    List<Double> own = distances(s);
    List<Double> other = distances(t);
    // Of an even number the lower one of the two in the middle, as torch takes it.
    double median = other.stream().sorted().toList().get((other.size() - 1) / 2);
    double sum = 0;
    for (int i = 0; i < own.size(); i++) {
      boolean near = other.get(i) < median;
      boolean wrong = near ? own.get(i) > other.get(i) : own.get(i) < other.get(i);
      sum += !asymmetric || wrong ? smooth(own.get(i) - other.get(i), 1) : 0;
    }
    return sum / own.size();
  }

  private static double divergence(double[][] s, double[][] t) {
    double r = Math.sqrt(.5);
    double[][] texts = {{1, 0, 0, 0, 0, 0}, {0, r, r, 0, 0, 0}, {0, 0, 0, .6, 0, .8}};
    double sum = 0;
    for (int i = 0; i < s.length; i++) {
      double[] p = shares(unit(t[i]), texts);
      double[] q = shares(unit(s[i]), texts);
      for (int k = 0; k < p.length; k++) {
        sum += p[k] * Math.log(p[k] / q[k]);
      }
    }
    return sum / s.length;
  }

  private static double[] shares(double[] x, double[][] texts) {
    double[] e = Arrays.stream(texts).mapToDouble(text -> Math.exp(10 * dot(x, text))).toArray();
    double sum = Arrays.stream(e).sum();
    return Arrays.stream(e).map(v -> v / sum).toArray();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("terms")
  void everyTermIsItsFormula(
      String name,
      BinaryOperator<NDArray> term,
      ToDoubleBiFunction<double[][], double[][]> formula) {
    for (double noise : new double[] {.05, .5, 3}) {
      double[][] teacher = rows(B, D, 2);
      double[][] student = rows(B, D, noise);
      for (int i = 0; i < B; i++) {
        for (int j = 0; j < D; j++) {
          student[i][j] = (float) (student[i][j] + teacher[i][j]);
        }
      }
      double expected = formula.applyAsDouble(student, teacher);
      double found = term.apply(array(student), array(teacher)).getFloat();
      assertEquals(expected, found, 1e-5 + 1e-4 * expected, name + " at " + noise);
      assertTrue(found > 0, name);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("terms")
  void theTeacherIsTheMinimumWithoutGradient(
      String name,
      BinaryOperator<NDArray> term,
      ToDoubleBiFunction<double[][], double[][]> formula) {
    double[][] teacher = rows(B, D, 2);
    teacher[3] = teacher[1].clone(); // two alike, whose distance has no slope
    NDArray student = array(teacher);
    student.setRequiresGradient(true);
    try (Autograd on = Autograd.enabled()) {
      NDArray loss = term.apply(student, array(teacher));
      assertEquals(0, loss.getFloat(), 1e-7, name);
      on.backward(loss);
    }
    for (float slope : student.getGradient().toFloatArray()) {
      assertEquals(0, slope, 1e-6, name);
    }
  }

  /** The slope of every term against differences of its formula in double precision. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("terms")
  void gradientsAreTheFormulas(
      String name,
      BinaryOperator<NDArray> term,
      ToDoubleBiFunction<double[][], double[][]> formula) {
    double[][] teacher = rows(B, D, 2);
    double[][] student = rows(B, D, 2);
    NDArray array = array(student);
    array.setRequiresGradient(true);
    try (Autograd on = Autograd.enabled()) {
      on.backward(term.apply(array, array(teacher)));
    }
    float[] slopes = array.getGradient().toFloatArray();
    double h = 1e-5;
    for (int i = 0; i < B * D; i++) {
      double[][] above = Arrays.stream(student).map(double[]::clone).toArray(double[][]::new);
      double[][] below = Arrays.stream(student).map(double[]::clone).toArray(double[][]::new);
      above[i / D][i % D] += h;
      below[i / D][i % D] -= h;
      double expected =
          (formula.applyAsDouble(above, teacher) - formula.applyAsDouble(below, teacher)) / 2 / h;
      assertEquals(expected, slopes[i], 1e-5 + 1e-3 * Math.abs(expected), name + " " + i);
    }
  }

  /** The angle's two branches meet, and it keeps its digits where a cosine would have lost them. */
  @Test
  void smallAndLargeAnglesAreExact() {
    for (double angle : new double[] {0, 1e-4, .001, .0199, .0201, .5, 1.5, 3, 3.13}) {
      NDArray a = manager.create(new float[] {3, 0}, new Shape(1, 2));
      float[] turned = {(float) (2 * Math.cos(angle)), (float) (2 * Math.sin(angle))};
      NDArray b = manager.create(turned, new Shape(1, 2));
      double found = FeatureLosses.squaredAngle(a, b).getFloat(0);
      assertEquals(angle * angle, found, 1e-12 + 2e-4 * angle * angle, "angle " + angle);
    }
  }
}
