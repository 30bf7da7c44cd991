package org.samclip.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.samclip.kernel.KernelCheck.from;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.convolutional.Conv2d;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Layers and prompt kernels against formulas and DJL's own operators. */
class LayerKernelTest {

  private final KernelCheck check = new KernelCheck();

  @AfterEach
  void close() {
    check.close();
  }

  @Test
  void linear() {
    check.same(
        in -> Kernels.linear(in[0], in[1], in[2]),
        in -> Formulas.linear(in[0], in[1], in[2]),
        check.random(2, 3, 4),
        check.random(5, 4),
        check.random(5));
  }

  /** Many rows and few, whole blocks of channels and others: the same product, whoever makes it. */
  @ParameterizedTest
  @CsvSource({
    "63, 64, 192",
    "64, 64, 192",
    "71, 128, 384",
    "95, 384, 64",
    "300, 64, 96",
    "300, 48, 192",
    "2100, 64, 64",
    "1100, 64, 128"
  })
  void linearOfManyRows(int rows, int in, int out) {
    check.same(
        x -> Kernels.linear(x[0], x[1], x[2]),
        x -> Formulas.linear(x[0], x[1], x[2]),
        check.random(rows, 1, in),
        check.random(out, in),
        check.random(out));
  }

  /** Weights and input may be frozen: the product is recorded all the same. */
  @Test
  void aBiasLearnsAlone() {
    NDArray x = check.random(100, 64).toType(DataType.FLOAT32, true);
    NDArray weight = check.random(192, 64).toType(DataType.FLOAT32, true);
    NDArray bias = check.random(192).toType(DataType.FLOAT32, true);
    bias.setRequiresGradient(true);
    try (Autograd on = Autograd.enabled()) {
      on.backward(Kernels.linear(x, weight, bias).sum());
    }
    float[] expected = new float[192];
    Arrays.fill(expected, 100);
    assertArrayEquals(expected, bias.getGradient().toFloatArray());
  }

  @Test
  void gelu() {
    NDArray x = check.random(3, 7).mul(3);
    check.same(in -> Kernels.gelu(in[0]), in -> Formulas.gelu(in[0]), x);
    check.same(in -> Kernels.gelu(in[0]), in -> Activation.gelu(in[0]), x);
    check.gradientsByDifferences(in -> Kernels.gelu(in[0]), x);
  }

  @ParameterizedTest
  @CsvSource({"1,true", "3,true", "5,true", "3,false", "7,false"})
  void neighboursArePooledWithinTheGrid(int side, boolean max) {
    int h = 4;
    int w = 6;
    int c = 3;
    NDArray x = check.random(2, h, w, c);
    double[] in = x.toDoubleArray();
    double[] expected = new double[in.length];
    for (int at = 0; at < in.length; at++) {
      int image = at / (h * w * c);
      int row = at / (w * c) % h;
      int column = at / c % w;
      double most = Double.NEGATIVE_INFINITY;
      double sum = 0;
      int count = 0;
      for (int y = Math.max(0, row - side / 2); y <= Math.min(h - 1, row + side / 2); y++) {
        for (int z = Math.max(0, column - side / 2); z <= Math.min(w - 1, column + side / 2); z++) {
          double value = in[((image * h + y) * w + z) * c + at % c];
          most = Math.max(most, value);
          sum += value;
          count++;
        }
      }
      expected[at] = max ? most : sum / count;
    }
    NDArray pooled = Kernels.neighbourhood(x, side, max);
    assertEquals(x.getShape(), pooled.getShape());
    assertArrayEquals(expected, pooled.toDoubleArray(), 1e-12);
  }

  @Test
  void quickGelu() {
    NDArray x = check.random(3, 7).mul(3);
    check.same(in -> Kernels.quickGelu(in[0]), in -> Formulas.quickGelu(in[0]), x);
    check.gradientsByDifferences(in -> Kernels.quickGelu(in[0]), x);
  }

  /** At a variance near epsilon, so that another epsilon would be seen. */
  @ParameterizedTest
  @ValueSource(doubles = {1e-5, 1e-6})
  void layerNormHasItsEpsilon(double eps) {
    for (double scale : new double[] {1, 1e-3}) {
      check.same(
          in -> Kernels.layerNorm(Formulas.times(in[0], scale), in[1], in[2], eps),
          in -> Formulas.layerNorm(Formulas.times(in[0], scale), in[1], in[2], eps, -1),
          check.random(2, 3, 6),
          check.random(6),
          check.random(6));
    }
  }

  @Test
  void layerNormIsThatOfDjl() {
    check.same(
        in -> Kernels.layerNorm(in[0], in[1], in[2], 1e-5),
        in ->
            ai.djl.nn.norm.LayerNorm.layerNorm(in[0], new Shape(6), in[1], in[2], 1e-5f)
                .singletonOrThrow(),
        check.random(2, 3, 6),
        check.random(6),
        check.random(6));
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-5, 1e-6})
  void layerNorm2dIsOverTheChannels(double eps) {
    for (double scale : new double[] {1, 1e-3}) {
      check.same(
          in -> Kernels.layerNorm2d(Formulas.times(in[0], scale), in[1], in[2], eps),
          in ->
              Formulas.layerNorm(
                  Formulas.times(in[0], scale),
                  in[1].reshape(1, 4, 1, 1),
                  in[2].reshape(1, 4, 1, 1),
                  eps,
                  1),
          check.random(2, 4, 3, 5),
          check.random(4),
          check.random(4));
    }
  }

  @ParameterizedTest
  @CsvSource({"3, 1, 1", "2, 2, 0", "3, 2, 1", "1, 1, 0"})
  void conv2d(int kernel, int stride, int padding) {
    Shape steps = new Shape(stride, stride);
    Shape zeros = new Shape(padding, padding);
    check.same(
        in -> Kernels.conv2d(in[0], in[1], in[2], stride, padding),
        in -> Conv2d.conv2d(in[0], in[1], in[2], steps, zeros).singletonOrThrow(),
        check.random(2, 3, 5, 7),
        check.random(4, 3, kernel, kernel),
        check.random(4));
    check.same(
        in -> Kernels.conv2d(in[0], in[1], null, stride, padding),
        in -> Conv2d.conv2d(in[0], in[1], null, steps, zeros).singletonOrThrow(),
        check.random(2, 3, 5, 7),
        check.random(4, 3, kernel, kernel));
  }

  /** DJL has no transposed convolution that works: the sum itself, and differences. */
  @ParameterizedTest
  @CsvSource({"2, 2", "3, 2", "3, 1"})
  void convTranspose2d(int kernel, int stride) {
    NDArray x = check.random(2, 3, 2, 3);
    NDArray weight = check.random(3, 2, kernel, kernel);
    NDArray bias = check.random(2);
    NDArray got = Kernels.convTranspose2d(x, weight, bias, stride);
    int height = stride + kernel;
    int width = 2 * stride + kernel;
    assertEquals(new Shape(2, 2, height, width), got.getShape());
    double[] xs = x.toDoubleArray();
    double[] ws = weight.toDoubleArray();
    double[] bs = bias.toDoubleArray();
    double[] expected = new double[2 * 2 * height * width];
    for (int b = 0; b < 2; b++) {
      for (int o = 0; o < 2; o++) {
        int plane = (b * 2 + o) * height * width;
        Arrays.fill(expected, plane, plane + height * width, bs[o]);
        for (int i = 0; i < 3; i++) {
          for (int at = 0; at < 2 * 3; at++) {
            double value = xs[(b * 3 + i) * 6 + at];
            for (int k = 0; k < kernel * kernel; k++) {
              int row = at / 3 * stride + k / kernel;
              int column = at % 3 * stride + k % kernel;
              expected[plane + row * width + column] +=
                  value * ws[(i * 2 + o) * kernel * kernel + k];
            }
          }
        }
      }
    }
    assertArrayEquals(expected, got.toDoubleArray(), 1e-12);
    check.gradientsByDifferences(
        in -> Kernels.convTranspose2d(in[0], in[1], in[2], stride), x, weight, bias);
  }

  @Test
  void normalize() {
    check.same(
        in -> Kernels.normalize(in[0]),
        in -> in[0].div(in[0].mul(in[0]).sum(new int[] {-1}, true).sqrt()),
        check.random(2, 3, 5));
  }

  @Test
  void aZeroVectorStaysZeroAndPoisonsNothing() {
    NDArray x = check.manager().create(new float[] {0, 0, 3, 4}).reshape(2, 2);
    x.setRequiresGradient(true);
    try (Autograd on = Autograd.enabled()) {
      NDArray y = Kernels.normalize(x);
      assertArrayEquals(new float[] {0, 0, .6f, .8f}, y.toFloatArray(), 1e-6f);
      on.backward(y.get(1).sum());
    }
    float[] gradient = x.getGradient().toFloatArray();
    assertArrayEquals(new float[] {0, 0, .032f, -.024f}, gradient, 1e-6f);
  }

  @Test
  void embeddingSumsTheGradientsOfARow() {
    NDArray ids = check.manager().create(new long[] {4, 0, 4, 2, 4, 0}).reshape(2, 3);
    check.same(
        in -> Kernels.embedding(in[0], ids),
        in -> ids.oneHot(5, in[0].getDataType()).matMul(in[0]),
        check.random(5, 3));
  }

  @Test
  void fourier() {
    NDArray x = check.random(2, 3, 2).add(2).div(4);
    check.same(
        in -> Kernels.fourier(in[0], in[1]),
        in -> {
          NDArray two = Formulas.constant(in[0], new double[] {2}, 1);
          NDArray one = Formulas.constant(in[0], new double[] {1}, 1);
          NDArray angle = Formulas.times(in[0].mul(two).sub(one).matMul(in[1]), 2 * Math.PI);
          return angle.sin().concat(angle.cos(), -1);
        },
        x,
        check.random(2, 4));
  }

  /** Padding replaces the position; 0 and 1 add to it; corners add only where asked for. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void pointTokensOfEveryLabel(boolean corners) {
    NDArray labels = check.manager().create(new long[] {-1, 0, 1, 2, 3, 1}).reshape(1, 2, 3);
    NDArray size = check.manager().create(new double[] {40, 20});
    NDArray xy = check.random(1, 2, 3, 2).add(2).mul(5);
    check.same(
        in ->
            Kernels.pointTokens(
                in[0], labels, size.toType(type(in), false), in[1], from(2, in), corners),
        in -> {
          NDArray half = Formulas.constant(in[0], new double[] {.5}, 1);
          NDArray unit = in[0].add(half).div(size.toType(type(in), false));
          NDArray tokens = Kernels.fourier(unit, in[1]);
          NDList rows = new NDList();
          for (NDArray row : tokens.reshape(6, 4).split(6, 0)) {
            int label = (int) labels.getLong(0, rows.size() / 3, rows.size() % 3);
            NDArray own = label == -1 ? row.mul(row.zerosLike()) : row;
            boolean bare = label > 1 && !corners;
            // Weights 2 to 6 stand for labels -1 to 3; nothing times zero keeps all in the graph.
            rows.add(own.add(bare ? in[label + 3].mul(row.zerosLike()) : in[label + 3]));
          }
          return NDArrays.concat(rows, 0).reshape(1, 2, 3, 4);
        },
        xy,
        check.random(2, 2),
        check.random(1, 4),
        check.random(1, 4),
        check.random(1, 4),
        check.random(1, 4),
        check.random(1, 4));
  }

  private static DataType type(NDArray[] in) {
    return in[0].getDataType();
  }
}
