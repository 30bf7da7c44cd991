package org.samclip.kernel;

import ai.djl.ndarray.NDArray;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;

/**
 * The thread's gradient mode, as a scope. DJL's collector is one per process and walks all arrays
 * of the engine to zero them; this one only sets the mode and puts it back.
 *
 * <pre>{@code
 * try (Autograd on = Autograd.enabled()) {
 *   NDArray loss = ...;
 *   on.backward(loss);
 * }
 * }</pre>
 */
public final class Autograd implements AutoCloseable {

  private final boolean before = JniUtils.isGradMode();

  private Autograd(boolean mode) {
    JniUtils.setGradMode(mode);
  }

  /**
   * @return a scope in which operations on arrays that require gradients are recorded
   */
  public static Autograd enabled() {
    LibTorch.engine();
    return new Autograd(true);
  }

  /**
   * @return a scope in which nothing is recorded: new threads start with recording on
   */
  public static Autograd disabled() {
    LibTorch.engine();
    return new Autograd(false);
  }

  /**
   * Adds the gradients of a scalar to those of the arrays it was made from.
   *
   * @param loss without axes
   */
  public void backward(NDArray loss) {
    try (NDArray one = loss.onesLike()) {
      backward(loss, one);
    }
  }

  /**
   * Adds the gradients of {@code sum(output * upstream)}.
   *
   * @param output any shape
   * @param upstream the gradient for the output, same shape
   */
  public void backward(NDArray output, NDArray upstream) {
    JniUtils.backward((PtNDArray) output, (PtNDArray) upstream, false, false);
  }

  /**
   * Where a backward pass that is run in parts ends, and the next part begins.
   *
   * @param x any array
   * @param learning whether gradients add up on the result
   * @return the same values without their history
   */
  public static NDArray leaf(NDArray x, boolean learning) {
    NDArray leaf = x.stopGradient();
    leaf.setRequiresGradient(learning);
    return leaf;
  }

  @Override
  public void close() {
    JniUtils.setGradMode(before);
  }
}
