package org.samclip.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.samclip.kernel.KernelCheck.from;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.DataType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Kernels in bfloat16: near float32, but not the same, and float32 outside. */
class AutocastTest {

  private static final int HEADS = 2;
  private static final int WIDTH = 8;

  /**
   * Half the distance of neighbours is 2^-9. Inputs, weights, and the inner results of a block are
   * rounded, one after the other, and a gradient passes them twice.
   */
  private static final double BAND = 16 * Math.pow(2, -9);

  private final KernelCheck check = new KernelCheck();

  @AfterEach
  void close() {
    check.close();
  }

  /** Values, then gradients of all inputs. */
  private static List<float[]> run(Function<NDArray[], NDArray> kernel, NDArray... inputs) {
    NDArray[] own = new NDArray[inputs.length];
    for (int i = 0; i < own.length; i++) {
      own[i] = inputs[i].toType(DataType.FLOAT32, true);
      own[i].setRequiresGradient(true);
    }
    List<float[]> all = new ArrayList<>();
    try (Autograd on = Autograd.enabled()) {
      NDArray y = kernel.apply(own);
      assertEquals(DataType.FLOAT32, y.getDataType());
      all.add(y.toFloatArray());
      on.backward(y.mul(y).sum());
    }
    for (NDArray input : own) {
      assertEquals(DataType.FLOAT32, input.getGradient().getDataType());
      all.add(input.getGradient().toFloatArray());
    }
    return all;
  }

  private static double largest(float[] values) {
    double largest = 0;
    for (float value : values) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }

  private void assertNear(String name, Function<NDArray[], NDArray> kernel, NDArray... inputs) {
    List<float[]> expected = run(kernel, inputs);
    List<float[]> got;
    try (Autocast bf16 = Autocast.bf16()) {
      got = run(kernel, inputs);
    }
    for (int i = 0; i < expected.size(); i++) {
      float[] difference = expected.get(i).clone();
      for (int j = 0; j < difference.length; j++) {
        difference[j] -= got.get(i)[j];
      }
      double relative = largest(difference) / largest(expected.get(i));
      assertTrue(relative < BAND, name + ", array " + i + ": " + relative);
      if (i == 0) {
        assertTrue(relative > 1e-5, name + " is computed in float32: " + relative);
      }
    }
    List<float[]> after = run(kernel, inputs);
    for (int i = 0; i < after.size(); i++) {
      assertTrue(Arrays.equals(expected.get(i), after.get(i)), name + " outside");
    }
  }

  private NDArray random(long... shape) {
    return check.random(shape).mul(.5);
  }

  private NDArray[] attention(int height, int width, int table) {
    return new NDArray[] {
      random(2, height, width, WIDTH),
      random(3 * WIDTH, WIDTH),
      random(3 * WIDTH),
      random(WIDTH, WIDTH),
      random(WIDTH),
      random(table, WIDTH / HEADS),
      random(table, WIDTH / HEADS)
    };
  }

  @Test
  void layers() {
    assertNear(
        "linear",
        in -> Kernels.linear(in[0], in[1], in[2]),
        random(3, 5, WIDTH),
        random(6, WIDTH),
        random(6));
    NDArray[] qkv = {random(2, 2, 5, 4), random(2, 2, 6, 4), random(2, 2, 6, 4)};
    assertNear("attention", in -> Kernels.attention(in[0], in[1], in[2]), qkv);
    assertNear(
        "conv2d",
        in -> Kernels.conv2d(in[0], in[1], in[2], 1, 1),
        random(2, 16, 5, 5),
        random(16, 16, 3, 3),
        random(16));
  }

  /** Where libtorch is wrong in bfloat16, nothing changes. */
  @Test
  void transposedConvolutionStaysFloat32() {
    NDArray[] inputs = {random(2, 6, 4, 4), random(6, 3, 2, 2), random(3)};
    Function<NDArray[], NDArray> kernel = in -> Kernels.convTranspose2d(in[0], in[1], in[2], 2);
    List<float[]> expected = run(kernel, inputs);
    try (Autocast bf16 = Autocast.bf16()) {
      List<float[]> got = run(kernel, inputs);
      for (int i = 0; i < got.size(); i++) {
        assertTrue(Arrays.equals(expected.get(i), got.get(i)));
      }
    }
  }

  @Test
  void attentionWithRelativePositions() {
    for (boolean augmented : new boolean[] {true, false}) {
      assertNear(
          "relPosAttention",
          in -> Kernels.relPosAttention(in[0], from(1, in), HEADS, augmented),
          attention(4, 5, 9));
    }
    assertNear(
        "windowAttention",
        in -> Kernels.windowAttention(in[0], from(1, in), HEADS, 3),
        attention(4, 5, 5));
  }

  @Test
  void blocks() {
    for (int window : new int[] {0, 3}) {
      assertNear(
          "vitDetBlock",
          in -> Kernels.vitDetBlock(in[0], from(1, in), HEADS, window),
          random(2, 4, 5, WIDTH),
          random(WIDTH),
          random(WIDTH),
          random(3 * WIDTH, WIDTH),
          random(3 * WIDTH),
          random(WIDTH, WIDTH),
          random(WIDTH),
          random(2 * Math.max(window, 5) - 1, WIDTH / HEADS),
          random(2 * Math.max(window, 5) - 1, WIDTH / HEADS),
          random(WIDTH),
          random(WIDTH),
          random(16, WIDTH),
          random(16),
          random(WIDTH, 16),
          random(WIDTH));
    }
    assertNear(
        "clipBlock",
        in -> Kernels.clipBlock(in[0], from(1, in), HEADS, true, false),
        random(2, 5, WIDTH),
        random(WIDTH),
        random(WIDTH),
        random(3 * WIDTH, WIDTH),
        random(3 * WIDTH),
        random(WIDTH, WIDTH),
        random(WIDTH),
        random(WIDTH),
        random(WIDTH),
        random(16, WIDTH),
        random(16),
        random(WIDTH, 16),
        random(WIDTH));
  }

  @Test
  void scopesNestAndBelongToTheirThread() throws InterruptedException {
    boolean[] elsewhere = new boolean[1];
    try (Autocast low = Autocast.bf16()) {
      assertTrue(Autocast.isBf16());
      try (Autocast full = Autocast.float32()) {
        assertFalse(Autocast.isBf16());
      }
      assertTrue(Autocast.isBf16());
      Thread thread = new Thread(() -> elsewhere[0] = Autocast.isBf16());
      thread.start();
      thread.join();
    }
    assertFalse(Autocast.isBf16());
    assertFalse(elsewhere[0]);
  }
}
