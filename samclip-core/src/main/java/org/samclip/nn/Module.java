package org.samclip.nn;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBaseBlock;
import ai.djl.nn.BlockList;
import ai.djl.nn.Parameter;
import ai.djl.nn.ParameterList;
import ai.djl.training.ParameterStore;
import ai.djl.training.initializer.Initializer;
import ai.djl.util.Pair;
import ai.djl.util.PairList;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiFunction;

/**
 * A DJL {@code Block} whose parameters carry the names of the public checkpoints: children and
 * parameters keep the names they are given, joined by dots ({@code blocks.0.attn.qkv.weight}).
 *
 * <p>Subclasses have a typed {@code forward}; the one over {@link NDList} serves DJL's own tools. A
 * module lives on one device, that of the manager it was initialised with. Parameters start frozen:
 * what trains is said by the recipe's groups.
 */
public abstract class Module extends AbstractBaseBlock {

  private final BlockList children = new BlockList();
  private final ParameterList direct = new ParameterList();
  private final Map<Parameter, Init> inits = new LinkedHashMap<>();

  /**
   * @param name as in the public checkpoints
   * @param init its starting values
   * @param shape its axes
   * @return the new parameter
   */
  protected final Parameter parameter(String name, Init init, long... shape) {
    Parameter parameter =
        Parameter.builder()
            .setName(name)
            .setType(Parameter.Type.OTHER)
            .optShape(new Shape(shape))
            .optRequiresGrad(false)
            .build();
    direct.add(name, parameter);
    inits.put(parameter, init);
    return parameter;
  }

  /**
   * @param name as in the public checkpoints
   * @param module the part
   * @param <M> its type
   * @return the part
   */
  protected final <M extends Module> M child(String name, M module) {
    children.add(name, module);
    return module;
  }

  /**
   * Gives every parameter its starting values.
   *
   * @param manager owns the parameters; they live on its device
   * @param seed the same seed gives the same values, on every machine
   */
  public final void initialize(NDManager manager, long seed) {
    initialize(
        manager,
        "",
        (name, init) -> {
          long own = seed * 0x9E3779B97F4A7C15L + hash(name);
          return (m, s, type) -> m.create(init.values(s.getShape(), own), s);
        });
  }

  /**
   * Gives every parameter its memory, filled with zeros: for models whose values are loaded next.
   *
   * @param manager owns the parameters; they live on its device
   */
  public final void allocate(NDManager manager) {
    initialize(manager, "", (name, init) -> (m, s, type) -> m.zeros(s, type));
  }

  /**
   * @param start of a parameter, from its full name and what it would start with
   */
  private void initialize(
      NDManager manager, String prefix, BiFunction<String, Init, Initializer> start) {
    if (inputShapes == null) {
      inputShapes = new Shape[0]; // DJL's sign of an initialised block; parameters need no shapes
    }
    for (Pair<String, Parameter> pair : direct) {
      Parameter parameter = pair.getValue();
      if (!parameter.isInitialized()) {
        parameter.setInitializer(start.apply(prefix + pair.getKey(), inits.get(parameter)));
        parameter.initialize(manager, DataType.FLOAT32);
        NDScope.unregister(parameter.getArray());
      }
    }
    for (Pair<String, ai.djl.nn.Block> pair : children) {
      ((Module) pair.getValue()).initialize(manager, prefix + pair.getKey() + ".", start);
    }
  }

  /** FNV-1a: {@code String.hashCode} has 32 bits and gives near names near values. */
  private static long hash(String text) {
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < text.length(); i++) {
      hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
    }
    return hash;
  }

  /**
   * @return the arrays under their full names, in declaration order
   */
  public final Map<String, NDArray> arrays() {
    Map<String, NDArray> arrays = new LinkedHashMap<>();
    for (Pair<String, Parameter> pair : getParameters()) {
      arrays.put(pair.getKey(), pair.getValue().getArray());
    }
    return arrays;
  }

  /**
   * @return whether any of the parameters is to get a gradient
   */
  public final boolean isLearning() {
    return arrays().values().stream().anyMatch(NDArray::hasGradient);
  }

  /**
   * @return number of values in all parameters
   */
  public final long parameterCount() {
    return getParameters().values().stream().mapToLong(p -> p.getShape().size()).sum();
  }

  /**
   * What the forward needs beside parameters and parts, by its name in an exported module.
   *
   * @return integers, reals, switches; an empty {@link java.util.Optional} for an absent parameter
   */
  public Map<String, Object> constants() {
    return Map.of();
  }

  @Override
  public ParameterList getParameters() {
    ParameterList all = new ParameterList();
    all.addAll(direct);
    for (Pair<String, ai.djl.nn.Block> child : children) {
      for (Pair<String, Parameter> pair : child.getValue().getParameters()) {
        all.add(child.getKey() + "." + pair.getKey(), pair.getValue());
      }
    }
    return all;
  }

  @Override
  public ParameterList getDirectParameters() {
    return direct;
  }

  @Override
  public BlockList getChildren() {
    return children;
  }

  @Override
  public void initialize(NDManager manager, DataType dataType, Shape... inputShapes) {
    if (dataType != DataType.FLOAT32) {
      throw new IllegalArgumentException("parameters are float32, not " + dataType);
    }
    this.inputShapes = inputShapes;
    initialize(manager, 0);
  }

  /**
   * @param inputs the arguments of the typed forward, in order
   * @return its results
   */
  protected abstract NDList forward(NDList inputs);

  @Override
  protected final NDList forwardInternal(
      ParameterStore parameterStore,
      NDList inputs,
      boolean training,
      PairList<String, Object> params) {
    return forward(inputs);
  }

  /**
   * @param parts each a layer with a weight and perhaps a bias
   * @return their arrays in order
   */
  protected static NDArray[] weights(Weighted... parts) {
    return java.util.Arrays.stream(parts)
        .flatMap(part -> java.util.Arrays.stream(part.weights()))
        .toArray(NDArray[]::new);
  }

  /** A layer that can hand its arrays to a kernel. */
  public interface Weighted {

    /**
     * @return the arrays in the order in which kernels take them
     */
    NDArray[] weights();
  }
}
