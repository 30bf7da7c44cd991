package org.samclip.train.optim;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.samclip.kernel.Kernels;
import org.samclip.kernel.TorchScript;

/**
 * Tells the gradients of several losses apart while they add up: the norm of what each one added,
 * and the cosine between it and the sum of those before. Holds one copy of the gradients from its
 * first step on.
 */
public final class GradientTelemetry implements AutoCloseable {

  private static final TorchScript SCRIPT = Kernels.script();

  /**
   * What one loss added.
   *
   * @param norm L2 norm of its gradient over all parameters
   * @param cosine of the angle between it and the sum of the gradients before it, over the shared
   *     parameters; NaN where it was not asked for or one of both is 0
   */
  public record Added(double norm, double cosine) {}

  private final PtNDManager manager;
  private final PtNDArray[] parameters;
  private final PtNDArray[] marks;
  private final int[] shared;
  private boolean marked;

  /**
   * @param parameters that learn, by name; each has a gradient from here on
   * @param isShared tells by name which parameters several losses reach: the backbone's
   * @param manager owns the copy
   */
  public GradientTelemetry(
      Map<String, NDArray> parameters, Predicate<String> isShared, NDManager manager) {
    this.manager = (PtNDManager) manager;
    this.parameters = parameters.values().toArray(PtNDArray[]::new);
    this.marks = new PtNDArray[this.parameters.length];
    List<Integer> indices = new ArrayList<>();
    int i = 0;
    for (Map.Entry<String, NDArray> entry : parameters.entrySet()) {
      if (isShared.test(entry.getKey())) {
        indices.add(i);
      }
      i++;
    }
    shared = indices.stream().mapToInt(Integer::intValue).toArray();
  }

  /** A step begins: all gradients are 0. */
  public void begin() {
    marked = false;
  }

  /**
   * @param withCosine whether the cosine is wanted as well
   * @return what was added to the gradients since the last call, or since {@link #begin}
   */
  public Added added(boolean withCosine) {
    boolean first = !marked;
    if (first) {
      clear();
    }
    double norm = Math.sqrt(products(parameters, marks)[0]);
    double cosine = Double.NaN;
    if (withCosine && !first && shared.length > 0) {
      double[] dots = products(only(parameters), only(marks));
      cosine = dots[1] / Math.sqrt(dots[0] * dots[2]);
    }
    SCRIPT.run("mark_gradients", IValue.listFrom(parameters), IValue.listFrom(marks)).close();
    marked = true;
    return new Added(norm, cosine);
  }

  private void clear() {
    for (int i = 0; i < marks.length; i++) {
      if (marks[i] == null) {
        marks[i] = (PtNDArray) manager.zeros(parameters[i].getShape());
        NDScope.unregister(marks[i]);
      } else {
        marks[i].muli(0);
      }
    }
  }

  private PtNDArray[] only(PtNDArray[] all) {
    PtNDArray[] some = new PtNDArray[shared.length];
    for (int i = 0; i < some.length; i++) {
      some[i] = all[shared[i]];
    }
    return some;
  }

  private double[] products(PtNDArray[] params, PtNDArray[] before) {
    try (IValue value =
            SCRIPT.run("gradient_products", IValue.listFrom(params), IValue.listFrom(before));
        NDArray array = value.toTensor(manager)) {
      float[] sums = array.toFloatArray();
      return new double[] {sums[0], sums[1], sums[2]};
    }
  }

  @Override
  public void close() {
    for (PtNDArray mark : marks) {
      if (mark != null) {
        mark.close();
      }
    }
  }
}
