package org.samclip.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lists of tensors, owners of results, names of arguments, and calls that must fail. */
class TorchScriptTest {

  private static final TorchScript SCRIPT = Kernels.script();

  private NDManager manager;
  private PtNDArray used;
  private PtNDArray alsoUsed;
  private PtNDArray idle;

  /** Gradients: of {@code used} 3, 4; of {@code alsoUsed} 12; of {@code idle} zeros. */
  @BeforeEach
  void open() {
    manager = LibTorch.newManager(Device.cpu());
    used = trainable(1, 2);
    alsoUsed = trainable(5);
    idle = trainable(7, 8, 9);
    try (Autograd on = Autograd.enabled()) {
      NDArray weight = manager.create(new float[] {3, 4});
      NDArray loss = used.mul(weight).sum().add(alsoUsed.mul(12).sum());
      on.backward(loss.add(idle.mul(0).sum()));
    }
  }

  private PtNDArray trainable(float... values) {
    NDArray array = manager.create(values);
    array.setRequiresGradient(true);
    return (PtNDArray) array;
  }

  @AfterEach
  void close() {
    manager.close();
  }

  private IValue all() {
    return IValue.listFrom(used, alsoUsed, idle);
  }

  private float[][] values(IValue list) {
    try (list) {
      return Arrays.stream(list.toTensorArray((PtNDManager) manager))
          .map(NDArray::toFloatArray)
          .toArray(float[][]::new);
    }
  }

  private static void assertGradients(float[][] got, float factor) {
    float[][] expected = {{3 * factor, 4 * factor}, {12 * factor}, {0, 0, 0}};
    assertEquals(expected.length, got.length);
    for (int i = 0; i < expected.length; i++) {
      assertArrayEquals(expected[i], got[i], 1e-6f);
    }
  }

  @Test
  void gradientsOfAList() {
    assertGradients(values(SCRIPT.run("gradients", all())), 1);
  }

  @Test
  void gradientsAsAListArgumentOfACall() {
    NDList inputs = new NDList(used, alsoUsed, idle);
    inputs.forEach(array -> array.setName("params[]"));
    NDList got = SCRIPT.call(manager, "gradients", inputs);
    assertGradients(got.stream().map(NDArray::toFloatArray).toArray(float[][]::new), 1);
  }

  @Test
  void zeroGradientsChangesTheGradientsThemselves() {
    SCRIPT.run("zero_gradients", all()).close();
    assertGradients(values(SCRIPT.run("gradients", all())), 0);
    assertArrayEquals(new float[] {0, 0}, used.getGradient().toFloatArray());
  }

  @Test
  void aGradientsWritesTellWhatABackwardPassReached() {
    SCRIPT.run("zero_gradients", all()).close();
    long[] before = writes();
    try (Autograd on = Autograd.enabled()) {
      on.backward(used.mul(0).sum()); // zeros are a gradient as well
    }
    SCRIPT.run("gradient_norm", all()).close();
    used.getGradient().toFloatArray();
    long[] after = writes();
    assertTrue(after[0] > before[0]);
    assertEquals(before[1], after[1]);
    assertEquals(before[2], after[2]);
  }

  private long[] writes() {
    try (IValue value = SCRIPT.run("gradient_writes", all())) {
      return value.toLongArray();
    }
  }

  @Test
  void theNormIsOverAllParametersTogether() {
    try (IValue norm = SCRIPT.run("gradient_norm", all())) {
      assertEquals(13, norm.toTensor((PtNDManager) manager).getFloat(), 1e-5);
    }
  }

  @Test
  void scaleGradientsChangesTheGradientsThemselves() {
    assertGradients(values(SCRIPT.run("scale_gradients", all(), IValue.from(.5))), .5f);
    assertArrayEquals(new float[] {1.5f, 2}, used.getGradient().toFloatArray(), 1e-6f);
    assertArrayEquals(new float[] {1, 2}, used.toFloatArray());
  }

  @Test
  void gradientsAddUpUntilZeroed() {
    try (Autograd on = Autograd.enabled()) {
      on.backward(alsoUsed.mul(2).sum());
    }
    assertArrayEquals(new float[] {14}, alsoUsed.getGradient().toFloatArray(), 1e-6f);
  }

  @Test
  void resultsBelongToTheFirstArgumentsManager() {
    try (NDManager other = manager.newSubManager()) {
      NDArray x = other.ones(new Shape(2, 3));
      NDArray weight = manager.ones(new Shape(4, 3));
      NDArray bias = manager.zeros(new Shape(4));
      assertSame(other, Kernels.linear(x, weight, bias).getManager());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "x", "blocks.0.attn", "a[]", "b()", "c{}", "tuple()", "dict.key", "a b-c"})
  void aNameOfAnArgumentDoesNotMatter(String name) {
    NDArray x = manager.create(new float[] {1, 2, 3}).reshape(1, 3);
    NDArray weight = manager.eye(3);
    NDArray bias = manager.zeros(new Shape(3));
    for (NDArray array : new NDArray[] {x, weight, bias}) {
      array.setName(name);
    }
    assertArrayEquals(new float[] {1, 2, 3}, Kernels.linear(x, weight, bias).toFloatArray());
  }

  private static void assertNamed(String method, RuntimeException e) {
    assertTrue(String.valueOf(e.getMessage()).contains(method), e::toString);
  }

  @Test
  void shapesThatDoNotFitNameTheMethod() {
    NDArray x = manager.ones(new Shape(2, 3));
    NDArray wrong = manager.ones(new Shape(4, 5));
    NDArray bias = manager.zeros(new Shape(4));
    assertNamed(
        "layer_norm_2d",
        assertThrows(RuntimeException.class, () -> Kernels.layerNorm2d(x, wrong, bias, 1e-6)));
    assertNamed(
        "linear", assertThrows(RuntimeException.class, () -> Kernels.linear(x, wrong, bias)));
    assertArrayEquals(new float[] {3, 3}, x.sum(new int[] {1}).toFloatArray());
  }

  @Test
  void typesThatDoNotFitNameTheMethod() {
    NDArray x = manager.ones(new Shape(2, 3)).toType(DataType.FLOAT64, false);
    NDArray weight = manager.ones(new Shape(4, 3));
    NDArray bias = manager.zeros(new Shape(4));
    assertNamed(
        "linear", assertThrows(RuntimeException.class, () -> Kernels.linear(x, weight, bias)));
    NDArray ids = manager.create(new long[] {0, 9});
    assertNamed(
        "embedding", assertThrows(RuntimeException.class, () -> Kernels.embedding(weight, ids)));
  }

  @Test
  void missingMethodsAndArgumentsAreNamed() {
    NDArray x = manager.ones(new Shape(2, 3));
    assertNamed(
        "no_such_kernel",
        assertThrows(RuntimeException.class, () -> SCRIPT.call(manager, "no_such_kernel", x)));
    assertNamed(
        "linear", assertThrows(RuntimeException.class, () -> SCRIPT.call(manager, "linear", x)));
    assertNamed(
        "no_such_kernel",
        assertThrows(RuntimeException.class, () -> SCRIPT.run("no_such_kernel", all())));
    assertNamed(
        "scale_gradients",
        assertThrows(RuntimeException.class, () -> SCRIPT.run("scale_gradients", all())));
  }

  @Test
  void sharedScalarsOutliveTheScopeTheyWereMadeIn() {
    NDArray scalar;
    try (NDScope scope = new NDScope()) {
      scalar = SCRIPT.scalar(123456789);
      manager.ones(new Shape(2));
    }
    assertFalse(scalar.isReleased());
    assertEquals(123456789L, SCRIPT.scalar(123456789).getLong());
    assertSame(scalar, SCRIPT.scalar(123456789));
  }
}
