package org.samclip.train.optim;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import java.util.LinkedHashMap;
import java.util.Map;
import org.samclip.kernel.Kernels;
import org.samclip.kernel.TorchScript;

/**
 * Exponential moving average of the parameters that learn (EMA), {@code s += (1 - d) (p - s)} after
 * each update. The decay rises with the number of updates, {@code d = min(decay, (1 + n) / (10 +
 * n))}, so that the start is soon forgotten (as in TensorFlow's ExponentialMovingAverage with
 * num_updates, and timm's ModelEmaV3 in spirit).
 */
public final class WeightAverage implements AutoCloseable {

  private static final TorchScript SCRIPT = Kernels.script();
  private static final String NAME = "ema.";

  private final double decay;
  private final Map<String, NDArray> shadows = new LinkedHashMap<>();
  private final PtNDArray[] averages;
  private final PtNDArray[] parameters;

  /**
   * @param parameters that learn, by name; the average starts from their values
   * @param decay at most, 0 to below 1
   * @param manager owns the averages
   */
  public WeightAverage(Map<String, NDArray> parameters, double decay, NDManager manager) {
    this.decay = decay;
    parameters.forEach(
        (name, parameter) -> {
          NDArray copy = manager.zeros(parameter.getShape());
          NDScope.unregister(copy);
          shadows.put(NAME + name, copy);
        });
    this.averages = shadows.values().toArray(PtNDArray[]::new);
    this.parameters = parameters.values().toArray(PtNDArray[]::new);
    lerp(1);
  }

  /**
   * Takes in the parameters after an update.
   *
   * @param updates made so far, this one included
   */
  public void update(long updates) {
    lerp(1 - Math.min(decay, (1. + updates) / (10. + updates)));
  }

  private void lerp(double weight) {
    SCRIPT
        .run("lerp", IValue.listFrom(averages), IValue.listFrom(parameters), IValue.from(weight))
        .close();
  }

  /** Exchanges the parameters with their averages; twice is as if nothing had been. */
  public void swap() {
    SCRIPT.run("swap", IValue.listFrom(parameters), IValue.listFrom(averages)).close();
  }

  /**
   * @return the averages, to be saved with a checkpoint: {@code ema.NAME}; the live arrays
   */
  public Map<String, NDArray> state() {
    return shadows;
  }

  @Override
  public void close() {
    shadows.values().forEach(NDArray::close);
  }
}
