package org.samclip.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.samclip.parity.Vectors;

/**
 * Compares a kernel with a formula: values, and the gradients of {@code sum(output * upstream)} for
 * every input, in float64, which leaves no room for a wrong formula, and in float32, which models
 * use.
 */
final class KernelCheck implements AutoCloseable {

  /** A kernel or a formula over arrays. */
  interface Op {
    NDArray apply(NDArray[] inputs);
  }

  private static final double STEP = 1e-5;

  private final NDManager manager = LibTorch.newManager(Device.cpu());
  private final SplittableRandom random = new SplittableRandom(7);

  NDManager manager() {
    return manager;
  }

  /** Values between -2 and 2, float64. */
  NDArray random(long... shape) {
    Shape s = new Shape(shape);
    double[] values = random.doubles(s.size()).map(u -> 4 * u - 2).toArray();
    return manager.create(values).reshape(s);
  }

  private static double[] upstream(long size) {
    return new SplittableRandom(11).doubles(size).map(u -> 2 * u - 1).toArray();
  }

  private record Result(Shape shape, float[] value, float[][] gradients) {}

  private Result run(Op op, DataType type, NDArray... inputs) {
    NDArray[] own = new NDArray[inputs.length];
    for (int i = 0; i < inputs.length; i++) {
      own[i] = inputs[i].duplicate().toType(type, false);
      own[i].setRequiresGradient(true);
    }
    NDArray output;
    try (Autograd on = Autograd.enabled()) {
      output = op.apply(own);
      assertEquals(type, output.getDataType());
      NDArray weight = manager.create(upstream(output.size())).toType(type, false);
      on.backward(output, weight.reshape(output.getShape()));
    }
    float[][] gradients = new float[own.length][];
    for (int i = 0; i < own.length; i++) {
      gradients[i] = floats(own[i].getGradient());
    }
    return new Result(output.getShape(), floats(output), gradients);
  }

  private static float[] floats(NDArray array) {
    return array.toType(DataType.FLOAT32, false).toFloatArray();
  }

  /** Fails unless both give the same values and gradients in both precisions. */
  void same(Op kernel, Op formula, NDArray... inputs) {
    same(kernel, formula, DataType.FLOAT64, 3e-7, 1e-9, inputs);
    same(kernel, formula, DataType.FLOAT32, 1e-4, 3e-5, inputs);
  }

  private void same(
      Op kernel, Op formula, DataType type, double rtol, double atol, NDArray... inputs) {
    Result got = run(kernel, type, inputs);
    // Always in float64: libtorch's own float32 convolutions are not right on every processor.
    Result expected = run(formula, DataType.FLOAT64, inputs);
    assertEquals(expected.shape, got.shape);
    close("values, " + type, got.value, expected.value, rtol, atol);
    for (int i = 0; i < inputs.length; i++) {
      String label = "gradient of input " + i + ", " + type;
      close(label, got.gradients[i], expected.gradients[i], rtol, atol);
    }
  }

  /** The absolute limit grows with the largest value: sums that cancel lose that much. */
  private static void close(String label, float[] got, float[] expected, double rtol, double atol) {
    double scale = 1;
    for (float value : expected) {
      scale = Math.max(scale, Math.abs(value));
    }
    Vectors.assertClose(label, got, expected, rtol, atol * scale);
  }

  /** Fails unless autograd agrees with central differences, in float64. */
  void gradientsByDifferences(Op kernel, NDArray... inputs) {
    Result got = run(kernel, DataType.FLOAT64, inputs);
    for (int i = 0; i < inputs.length; i++) {
      float[] expected = new float[(int) inputs[i].size()];
      for (int j = 0; j < expected.length; j++) {
        double up = moved(kernel, inputs, i, j, STEP);
        double down = moved(kernel, inputs, i, j, -STEP);
        expected[j] = (float) ((up - down) / (2 * STEP));
      }
      Vectors.assertClose("difference of input " + i, got.gradients[i], expected, 1e-6, 1e-7);
    }
  }

  private double moved(Op kernel, NDArray[] inputs, int which, int at, double by) {
    NDArray[] all = inputs.clone();
    double[] values = inputs[which].toDoubleArray();
    values[at] += by;
    all[which] = manager.create(values).reshape(inputs[which].getShape());
    double[] output = kernel.apply(all).toDoubleArray();
    double[] weight = upstream(output.length);
    double sum = 0;
    for (int i = 0; i < output.length; i++) {
      sum += output[i] * weight[i];
    }
    return sum;
  }

  /** The inputs from an index on, for kernels that take weights as one array. */
  static NDArray[] from(int index, NDArray[] inputs) {
    return Arrays.copyOfRange(inputs, index, inputs.length);
  }

  @Override
  public void close() {
    manager.close();
  }
}
