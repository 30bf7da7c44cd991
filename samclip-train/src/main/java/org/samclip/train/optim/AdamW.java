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
import java.util.function.Function;
import java.util.stream.IntStream;
import org.samclip.kernel.Autograd;
import org.samclip.kernel.Kernels;
import org.samclip.kernel.TorchScript;
import org.samclip.train.rank.Ranks;

/**
 * AdamW with decoupled weight decay over parameter groups, one fused call a group, and clipping by
 * the norm of all gradients together. What has no gradient in a step is left alone. Its state is
 * saved under the parameters' names.
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

  /** A parameter of a group with its moments and the number of its updates. */
  private record Slot(
      Group group,
      String name,
      PtNDArray parameter,
      PtNDArray expAvg,
      PtNDArray expAvgSq,
      PtNDArray steps) {

    static Slot of(Group group, String name, NDArray parameter, NDManager manager) {
      return new Slot(
          group,
          name,
          (PtNDArray) parameter,
          keep(manager.zeros(parameter.getShape())),
          keep(manager.zeros(parameter.getShape())),
          keep(manager.zeros(new Shape())));
    }

    private static PtNDArray keep(NDArray array) {
      NDScope.unregister(array);
      return (PtNDArray) array;
    }
  }

  private final Settings settings;
  private final List<Group> groups;
  private final List<Slot> slots = new ArrayList<>();
  private final PtNDManager manager;
  private long[] writesBefore;

  /**
   * @param settings the numbers
   * @param groups each parameter in one group only; they become trainable
   * @param manager owns the moments
   */
  public AdamW(Settings settings, List<Group> groups, NDManager manager) {
    this.settings = settings;
    this.groups = List.copyOf(groups);
    this.manager = (PtNDManager) manager;
    for (Group group : groups) {
      group.parameters.forEach(
          (name, parameter) -> {
            parameter.setRequiresGradient(true);
            slots.add(Slot.of(group, name, parameter, manager));
          });
    }
    defineGradients();
    zeroGradients();
  }

  /** A parameter has no gradient, not even zeros, before it first took part in a backward pass. */
  private void defineGradients() {
    try (NDScope scope = new NDScope();
        Autograd on = Autograd.enabled()) {
      scope.suppressNotUsedWarning();
      NDArray nothing = manager.zeros(new Shape());
      for (Slot slot : slots) {
        nothing = nothing.add(slot.parameter.sum());
      }
      on.backward(nothing);
    }
  }

  /** Forgets the gradients, before the first backward pass of a step. */
  public void zeroGradients() {
    SCRIPT.run("zero_gradients", all(slots, Slot::parameter)).close();
    writesBefore = writes();
  }

  private static IValue all(List<Slot> slots, Function<Slot, PtNDArray> of) {
    return IValue.listFrom(slots.stream().map(of).toArray(PtNDArray[]::new));
  }

  private long[] writes() {
    try (IValue value = SCRIPT.run("gradient_writes", all(slots, Slot::parameter))) {
      return value.toLongArray();
    }
  }

  /**
   * What a backward pass has written a gradient to since they were forgotten. The others have zeros
   * where torch, after {@code zero_grad(set_to_none=True)}, has no gradient.
   */
  private List<Slot> reached() {
    long[] writes = writes();
    return IntStream.range(0, slots.size())
        .filter(i -> writes[i] != writesBefore[i])
        .mapToObj(slots::get)
        .toList();
  }

  /**
   * Adds up the gradients of all ranks, of which each has those of its share of the batch. What
   * another rank's backward pass has reached counts as reached here.
   *
   * @param ranks who train together
   */
  public void sumGradients(Ranks ranks) {
    if (ranks.count() == 1) {
      return;
    }
    long[] writes = writes();
    double[] reached = new double[slots.size()];
    for (int i = 0; i < reached.length; i++) {
      reached[i] = writes[i] != writesBefore[i] ? 1 : 0;
    }
    ranks.sum(reached);
    List<NDArray> gradients = new ArrayList<>();
    for (int i = 0; i < reached.length; i++) {
      if (reached[i] > 0) {
        gradients.add(slots.get(i).parameter.getGradient());
      }
    }
    ranks.sum(gradients);
    gradients.forEach(NDArray::close);
  }

  /**
   * Scales all gradients so that their common L2 norm is at most the limit (torch {@code
   * clip_grad_norm_}).
   *
   * @param maxNorm the limit; 0: only measured
   * @return the norm before
   */
  public double clip(double maxNorm) {
    List<Slot> reached = reached();
    if (reached.isEmpty()) {
      return 0;
    }
    double norm;
    try (IValue value = SCRIPT.run("gradient_norm", all(reached, Slot::parameter));
        NDArray array = value.toTensor(manager)) {
      norm = array.getFloat();
    }
    double factor = maxNorm / (norm + 1e-6);
    if (maxNorm > 0 && factor < 1) {
      SCRIPT.run("scale_gradients", all(reached, Slot::parameter), IValue.from(factor)).close();
    }
    return norm;
  }

  /**
   * One update. A parameter without a gradient in this step stays as it is, its moments and the
   * number of its updates as well, and does not decay (as in torch).
   *
   * @param lrFactor the schedule's factor of every group's base rate
   */
  @SuppressWarnings("ReferenceEquality") // two groups may be equal
  public void step(double lrFactor) {
    List<Slot> reached = reached();
    for (Group group : groups) {
      List<Slot> part = reached.stream().filter(slot -> slot.group == group).toList();
      if (!part.isEmpty()) {
        SCRIPT
            .run(
                "adamw",
                all(part, Slot::parameter),
                all(part, Slot::expAvg),
                all(part, Slot::expAvgSq),
                all(part, Slot::steps),
                IValue.from(group.lr * lrFactor),
                IValue.from(settings.beta1),
                IValue.from(settings.beta2),
                IValue.from(group.weightDecay),
                IValue.from(settings.eps))
            .close();
      }
    }
  }

  /**
   * @return names of the parameters that were never updated, as no loss reached them, by their
   *     groups' order; a restored state counts
   */
  public List<String> untouched() {
    return slots.stream().filter(slot -> slot.steps.getFloat() == 0).map(Slot::name).toList();
  }

  /**
   * @return names of all parameters, by their groups' order
   */
  public List<String> names() {
    return slots.stream().map(Slot::name).toList();
  }

  /**
   * @return moments and step counts, to be saved with a checkpoint: {@code exp_avg.NAME}, {@code
   *     exp_avg_sq.NAME}, {@code step.NAME}; the live arrays
   */
  public Map<String, NDArray> state() {
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    for (Slot slot : slots) {
      arrays.put(EXP_AVG + slot.name, slot.expAvg);
      arrays.put(EXP_AVG_SQ + slot.name, slot.expAvgSq);
      arrays.put(STEP + slot.name, slot.steps);
    }
    return arrays;
  }

  /** Frees the moments and makes the parameters untrainable and without gradients. */
  public void close() {
    state().values().forEach(NDArray::close);
    for (Slot slot : slots) {
      slot.parameter.setRequiresGradient(false);
    }
  }
}
