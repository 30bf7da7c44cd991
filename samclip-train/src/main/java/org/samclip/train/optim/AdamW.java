package org.samclip.train.optim;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.Kernels;
import org.samclip.kernel.TorchScript;

/**
 * AdamW with decoupled weight decay over parameter groups, one fused call a group, and clipping by
 * the norm of all gradients together. Its state is saved under the parameters' names.
 */
public final class AdamW {

  private static final TorchScript SCRIPT = Kernels.script();
  private static final String EXP_AVG = "exp_avg.";
  private static final String EXP_AVG_SQ = "exp_avg_sq.";
  private static final String STEP = "step.";

  /**
   * The numbers of AdamW.
   *
   * @param beta1 decay of the first moment
   * @param beta2 decay of the second moment
   * @param eps added to the root of the second moment
   */
  public record Settings(double beta1, double beta2, double eps) {}

  /**
   * Parameters with a rate and a decay of their own.
   *
   * @param parameters under their full names
   * @param lr base learning rate of the group
   * @param weightDecay decoupled decay
   */
  public record Group(Map<String, NDArray> parameters, double lr, double weightDecay) {
    public Group {
      if (parameters.isEmpty()) {
        throw new IllegalArgumentException("a group without parameters");
      }
      parameters = new LinkedHashMap<>(parameters);
    }
  }

  private static final class State {
    final Group group;
    final PtNDArray[] parameters;
    final PtNDArray[] expAvg;
    final PtNDArray[] expAvgSq;
    final PtNDArray[] steps;

    State(Group group, NDManager manager) {
      this.group = group;
      List<PtNDArray> p = new ArrayList<>();
      List<PtNDArray> m = new ArrayList<>();
      List<PtNDArray> v = new ArrayList<>();
      List<PtNDArray> t = new ArrayList<>();
      for (NDArray parameter : group.parameters.values()) {
        parameter.setRequiresGradient(true);
        p.add((PtNDArray) parameter);
        m.add(keep(manager.zeros(parameter.getShape())));
        v.add(keep(manager.zeros(parameter.getShape())));
        t.add(keep(manager.zeros(new Shape())));
      }
      parameters = p.toArray(PtNDArray[]::new);
      expAvg = m.toArray(PtNDArray[]::new);
      expAvgSq = v.toArray(PtNDArray[]::new);
      steps = t.toArray(PtNDArray[]::new);
    }

    private static PtNDArray keep(NDArray array) {
      NDScope.unregister(array);
      return (PtNDArray) array;
    }
  }

  private final Settings settings;
  private final List<State> states = new ArrayList<>();
  private final PtNDArray[] all;
  private final PtNDManager manager;

  /**
   * @param settings the numbers
   * @param groups each parameter in one group only; they become trainable
   * @param manager owns the moments
   */
  public AdamW(Settings settings, List<Group> groups, NDManager manager) {
    this.settings = settings;
    this.manager = (PtNDManager) manager;
    groups.forEach(group -> states.add(new State(group, manager)));
    all =
        states.stream()
            .flatMap(state -> java.util.Arrays.stream(state.parameters))
            .toArray(PtNDArray[]::new);
    defineGradients();
  }

  /** A parameter has no gradient, not even zeros, before it first took part in a backward pass. */
  private void defineGradients() {
    try (NDScope scope = new NDScope();
        Autograd on = Autograd.enabled()) {
      scope.suppressNotUsedWarning();
      NDArray nothing = manager.zeros(new Shape());
      for (NDArray parameter : all) {
        nothing = nothing.add(parameter.sum().mul(0));
      }
      on.backward(nothing);
    }
  }

  /** Forgets the gradients, before the first backward pass of a step. */
  public void zeroGradients() {
    SCRIPT.run("zero_gradients", IValue.listFrom(all)).close();
  }

  /**
   * Scales all gradients so that their common L2 norm is at most the limit (torch {@code
   * clip_grad_norm_}).
   *
   * @param maxNorm the limit; 0: only measured
   * @return the norm before
   */
  public double clip(double maxNorm) {
    double norm;
    try (IValue value = SCRIPT.run("gradient_norm", IValue.listFrom(all));
        NDArray array = value.toTensor(manager)) {
      norm = array.getFloat();
    }
    double factor = maxNorm / (norm + 1e-6);
    if (maxNorm > 0 && factor < 1) {
      SCRIPT.run("scale_gradients", IValue.listFrom(all), IValue.from(factor)).close();
    }
    return norm;
  }

  /**
   * One update.
   *
   * @param lrFactor the schedule's factor of every group's base rate
   */
  public void step(double lrFactor) {
    for (State state : states) {
      SCRIPT
          .run(
              "adamw",
              IValue.listFrom(state.parameters),
              IValue.listFrom(state.expAvg),
              IValue.listFrom(state.expAvgSq),
              IValue.listFrom(state.steps),
              IValue.from(state.group.lr * lrFactor),
              IValue.from(settings.beta1),
              IValue.from(settings.beta2),
              IValue.from(state.group.weightDecay),
              IValue.from(settings.eps))
          .close();
    }
  }

  /**
   * @return moments and step counts, to be saved with a checkpoint: {@code exp_avg.NAME}, {@code
   *     exp_avg_sq.NAME}, {@code step.NAME}; the live arrays
   */
  public Map<String, NDArray> state() {
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    for (State state : states) {
      int i = 0;
      for (String name : state.group.parameters.keySet()) {
        arrays.put(EXP_AVG + name, state.expAvg[i]);
        arrays.put(EXP_AVG_SQ + name, state.expAvgSq[i]);
        arrays.put(STEP + name, state.steps[i]);
        i++;
      }
    }
    return arrays;
  }

  /** Frees the moments and makes the parameters untrainable and without gradients. */
  public void close() {
    state().values().forEach(NDArray::close);
    for (PtNDArray parameter : all) {
      parameter.setRequiresGradient(false);
    }
  }
}
