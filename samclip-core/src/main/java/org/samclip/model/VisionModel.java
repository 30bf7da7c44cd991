package org.samclip.model;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.nn.Block;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.samclip.checkpoint.Provenance;
import org.samclip.nn.Module;

/**
 * A network for images with its weights, as a {@link ModelFamily} reads it: what it takes and what
 * it gives. What more it can do is said by the interfaces below this one: {@link TextAlignedModel},
 * {@link PromptableModel}, {@link TwoHeadedModel}.
 *
 * <p>Calls record what autograd is asked to record; who uses a model as a teacher turns it off.
 * Results belong to the manager of the argument.
 */
public interface VisionModel {

  /** Name of an output [B, D] for the whole image. */
  String SUMMARY = "summary";

  /** Name of an output [B, D, h, w] for every patch. */
  String SPATIAL = "spatial";

  /**
   * @return its sizes, as its family names them: all that it computes by beside its parameters
   */
  Record sizes();

  /**
   * @return what it takes
   */
  ImageInput input();

  /**
   * @return what it gives, by name: {@link #SUMMARY}, {@link #SPATIAL}, or a name of its own
   */
  Map<String, ImageOutput> outputs();

  /**
   * Several outputs, of what can be computed together in one pass.
   *
   * @param images [B, 3, H, W], as {@link #input()} says
   * @param names of some {@link #outputs()}
   * @return the outputs
   * @throws IllegalArgumentException if there is no output of a name
   */
  default Map<String, NDArray> forward(NDArray images, Set<String> names) {
    requireOutputs(names);
    Map<String, ImageOutput> all = outputs();
    Map<String, NDArray> outputs = new LinkedHashMap<>();
    names.forEach(name -> outputs.put(name, all.get(name).forward().apply(images)));
    return outputs;
  }

  /**
   * @param names asked for
   * @throws IllegalArgumentException if there is no output of a name
   */
  default void requireOutputs(Set<String> names) {
    Set<String> known = outputs().keySet();
    for (String name : names) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException(
            "no output is named \"%s\"; there are %s"
                .formatted(name, String.join(", ", new TreeSet<>(known))));
      }
    }
  }

  /**
   * What the model can do, where that is decided by its file and not by its class.
   *
   * @param capability such as {@link TextAlignedModel}, or a class of models
   * @param <C> the same
   * @return this model with it, or empty if it cannot do that
   */
  default <C> Optional<C> as(Class<C> capability) {
    return capability.isInstance(this) ? Optional.of(capability.cast(this)) : Optional.empty();
  }

  /**
   * @param capability that {@link #as} does not give
   * @return what is missing for it, for messages; empty if such models never have it
   */
  default Optional<String> lacking(Class<?> capability) {
    return Optional.empty();
  }

  /**
   * @param side of a square image in pixels
   * @return floating-point operations of all outputs for one image, as {@link Arithmetic} counts
   *     them; unless a model knows better, of a network whose every parameter meets every patch
   */
  default double operations(int side) {
    long parameters =
        imageBlock().getParameters().values().stream().mapToLong(p -> p.getShape().size()).sum();
    double row = (double) side / input().patch();
    return 2 * parameters * row * row;
  }

  /**
   * @return the part that reads images, for a model of DJL
   */
  Block imageBlock();

  /**
   * @return all of its modules, each by what stands before its parameters' names in a file, with
   *     the dot; empty for names without a prefix
   */
  Map<String, Module> modules();

  /**
   * @return where the weights come from, if the file says it
   */
  Optional<Provenance> provenance();

  /**
   * @return where the parameters are, and the input has to be
   */
  default Device device() {
    Module first = modules().values().iterator().next();
    return first.getParameters().valueAt(0).getArray().getDevice();
  }
}
