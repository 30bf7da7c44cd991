package org.samclip.kernel;

import static org.samclip.kernel.KernelCheck.from;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.samclip.parity.Vectors;

/** Attention in all its forms against softmax and matrix products. */
class AttentionKernelTest {

  private static final int HEADS = 2;
  private static final int WIDTH = 6;

  private final KernelCheck check = new KernelCheck();

  @AfterEach
  void close() {
    check.close();
  }

  @Test
  void attention() {
    check.same(
        in -> Kernels.attention(in[0], in[1], in[2]),
        in -> Formulas.attention(in[0], in[1], in[2], null),
        check.random(2, 3, 5, 4),
        check.random(2, 3, 7, 4),
        check.random(2, 3, 7, 4));
  }

  @Test
  void attentionByDifferences() {
    check.gradientsByDifferences(
        in -> Kernels.attention(in[0], in[1], in[2]),
        check.random(1, 2, 3, 2),
        check.random(1, 2, 4, 2),
        check.random(1, 2, 4, 2));
  }

  @ParameterizedTest
  @ValueSource(ints = {WIDTH, 4})
  void multiHeadAttentionAtItsOwnAndANarrowerWidth(int inner) {
    check.same(
        in -> Kernels.multiHeadAttention(in[0], in[1], in[2], from(3, in), HEADS),
        in -> Formulas.multiHead(in[0], in[1], in[2], from(3, in), HEADS, null),
        check.random(2, 3, WIDTH),
        check.random(2, 5, WIDTH),
        check.random(2, 5, WIDTH),
        check.random(inner, WIDTH),
        check.random(inner),
        check.random(inner, WIDTH),
        check.random(inner),
        check.random(inner, WIDTH),
        check.random(inner),
        check.random(WIDTH, inner),
        check.random(WIDTH));
  }

  /** Input, qkv, projection, two tables. */
  private NDArray[] relPosInputs(int height, int width, int tableH, int tableW) {
    return new NDArray[] {
      check.random(2, height, width, WIDTH),
      check.random(3 * WIDTH, WIDTH),
      check.random(3 * WIDTH),
      check.random(WIDTH, WIDTH),
      check.random(WIDTH),
      check.random(tableH, WIDTH / HEADS),
      check.random(tableW, WIDTH / HEADS)
    };
  }

  @ParameterizedTest
  @CsvSource({"3, 5, 5, 9", "1, 4, 1, 7", "4, 4, 7, 7", "5, 3, 7, 7", "2, 5, 9, 3", "1, 1, 1, 1"})
  void bothFormsOfRelativePositions(int height, int width, int tableH, int tableW) {
    NDArray[] inputs = relPosInputs(height, width, tableH, tableW);
    for (boolean augmented : new boolean[] {true, false}) {
      check.same(
          in -> Kernels.relPosAttention(in[0], from(1, in), HEADS, augmented),
          in -> Formulas.relPosAttention(in[0], from(1, in), HEADS),
          inputs);
    }
  }

  @ParameterizedTest
  @CsvSource({"7, 11", "13, 13", "9, 2"})
  void theAugmentedFormIsTheMaskedForm(int height, int width) {
    NDArray[] inputs = relPosInputs(height, width, 15, 15);
    check.same(
        in -> Kernels.relPosAttention(in[0], from(1, in), HEADS, true),
        in -> Kernels.relPosAttention(in[0], from(1, in), HEADS, false),
        inputs);
  }

  @ParameterizedTest
  @CsvSource({"5, 7, 3", "6, 3, 3", "2, 2, 3", "4, 5, 4", "3, 4, 1"})
  void windows(int height, int width, int window) {
    int table = 2 * window - 1;
    check.same(
        in -> Kernels.windowAttention(in[0], from(1, in), HEADS, window),
        in -> Formulas.windowAttention(in[0], from(1, in), HEADS, window),
        relPosInputs(height, width, table, table));
  }

  @ParameterizedTest
  @CsvSource({"4, 4, 7", "6, 6, 7", "3, 3, 7", "1, 1, 7", "5, 5, 3"})
  void tablesOfAnotherLength(int query, int key, int length) {
    NDArray table = check.random(length, 3).toType(DataType.FLOAT32, false);
    NDArray got = Kernels.relPos(table, query, key);
    int to = 2 * query - 1;
    float[] fitting = Formulas.interpolation(table, length, to).matMul(table).toFloatArray();
    float[] expected = new float[query * key * 3];
    for (int q = 0; q < query; q++) {
      for (int k = 0; k < key; k++) {
        System.arraycopy(fitting, (q - k + key - 1) * 3, expected, (q * key + k) * 3, 3);
      }
    }
    Vectors.assertClose("relative positions", got.toFloatArray(), expected, 1e-5, 1e-6);
  }

  /** norm1, qkv, projection, tables, norm2, lin1, lin2 after the input. */
  @ParameterizedTest
  @CsvSource({"3, 4, 0, 7", "5, 4, 3, 5"})
  void vitDetBlock(int height, int width, int window, int table) {
    double eps = 1e-6;
    check.same(
        in -> Kernels.vitDetBlock(in[0], from(1, in), HEADS, window),
        in -> {
          NDArray[] attention = java.util.Arrays.copyOfRange(in, 3, 9);
          NDArray y = Formulas.layerNorm(in[0], in[1], in[2], eps, -1);
          y =
              window > 0
                  ? Formulas.windowAttention(y, attention, HEADS, window)
                  : Formulas.relPosAttention(y, attention, HEADS);
          NDArray x = in[0].add(y);
          y = Formulas.layerNorm(x, in[9], in[10], eps, -1);
          y = Formulas.gelu(Formulas.linear(y, in[11], in[12]));
          return x.add(Formulas.linear(y, in[13], in[14]));
        },
        check.random(2, height, width, WIDTH),
        check.random(WIDTH),
        check.random(WIDTH),
        check.random(3 * WIDTH, WIDTH),
        check.random(3 * WIDTH),
        check.random(WIDTH, WIDTH),
        check.random(WIDTH),
        check.random(table, WIDTH / HEADS),
        check.random(table, WIDTH / HEADS),
        check.random(WIDTH),
        check.random(WIDTH),
        check.random(8, WIDTH),
        check.random(8),
        check.random(WIDTH, 8),
        check.random(WIDTH));
  }

  /** ln_1, in_proj, out_proj, ln_2, c_fc, c_proj after the input. */
  @ParameterizedTest
  @CsvSource({"false, false", "true, false", "false, true", "true, true"})
  void clipBlock(boolean causal, boolean quickGelu) {
    double eps = 1e-5;
    int tokens = 5;
    check.same(
        in -> Kernels.clipBlock(in[0], from(1, in), HEADS, causal, quickGelu),
        in -> {
          NDArray[] attention = java.util.Arrays.copyOfRange(in, 3, 7);
          NDArray mask = causal ? Formulas.causalMask(in[0], tokens) : null;
          NDArray y = Formulas.layerNorm(in[0], in[1], in[2], eps, -1);
          NDArray x = in[0].add(Formulas.stackedMultiHead(y, attention, HEADS, mask));
          y = Formulas.linear(Formulas.layerNorm(x, in[7], in[8], eps, -1), in[9], in[10]);
          y = quickGelu ? Formulas.quickGelu(y) : Formulas.gelu(y);
          return x.add(Formulas.linear(y, in[11], in[12]));
        },
        check.random(2, tokens, WIDTH),
        check.random(WIDTH),
        check.random(WIDTH),
        check.random(3 * WIDTH, WIDTH),
        check.random(3 * WIDTH),
        check.random(WIDTH, WIDTH),
        check.random(WIDTH),
        check.random(WIDTH),
        check.random(WIDTH),
        check.random(8, WIDTH),
        check.random(8),
        check.random(WIDTH, 8),
        check.random(WIDTH));
  }

  /** What the benchmark compares with is the same attention. */
  @Test
  void theBenchmarksOtherFormIsTheSame() {
    NDArray[] in = {
      check.random(2, 5, 4, WIDTH),
      check.random(3 * WIDTH, WIDTH),
      check.random(3 * WIDTH),
      check.random(WIDTH, WIDTH),
      check.random(WIDTH),
      check.random(9, WIDTH / HEADS),
      check.random(7, WIDTH / HEADS)
    };
    check.same(
        a -> EagerAttention.global(a[0], from(1, a), HEADS),
        a -> Formulas.relPosAttention(a[0], from(1, a), HEADS),
        in);
    in[5] = check.random(5, WIDTH / HEADS);
    in[6] = check.random(5, WIDTH / HEADS);
    check.same(
        a -> EagerAttention.windowed(a[0], from(1, a), HEADS, 3),
        a -> Formulas.windowAttention(a[0], from(1, a), HEADS, 3),
        in);
  }
}
