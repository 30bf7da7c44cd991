package org.samclip.student;

import ai.djl.ndarray.NDArray;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.samclip.UserError;
import org.samclip.nn.Module;

/** What a student says about the tokens of its backbone. */
public interface Head {

  /** Name of an output [B, D] for the whole image. */
  String SUMMARY = "summary";

  /** Name of an output [B, D, h, w] for every patch. */
  String SPATIAL = "spatial";

  /**
   * @return its own parameters
   */
  Module module();

  /**
   * @return the kind in configs and files, such as {@code clip-head}
   */
  String kind();

  /**
   * @return what it gives, by name; the first is the default
   */
  Map<String, HeadOutput> outputs();

  /**
   * @return indices, from 0, of the inner blocks that it reads beside the last tokens
   */
  Set<Integer> blocks();

  /**
   * Whether a backward pass of the outputs has anything to do where the features have no gradient.
   *
   * @return whether a parameter between features and outputs is to get a gradient; of a mask head
   *     these are the neck's, as its decoder stands behind the output
   */
  default boolean isOutputLearning() {
    return module().isLearning();
  }

  /**
   * Reads features in a training step; gradients are recorded by the thread's mode.
   *
   * @param features with its {@link #blocks()}
   * @return the pass
   */
  HeadPass pass(BackboneFeatures features);

  /**
   * Reads features where no backward pass follows.
   *
   * @param features with its {@link #blocks()}
   * @param names of some of its outputs
   * @return the outputs
   */
  default Map<String, NDArray> forward(BackboneFeatures features, Set<String> names) {
    HeadPass pass = pass(features);
    Map<String, NDArray> outputs = new LinkedHashMap<>();
    names.forEach(name -> outputs.put(name, pass.output(name)));
    return outputs;
  }

  /**
   * @return names of the first values that {@link #start} can give
   */
  default Set<String> inits() {
    return Set.of();
  }

  /**
   * Gives first values that depend on others, after the student is initialised.
   *
   * @param init how
   * @param backbone on which it stands
   * @throws UserError if this kind does not know it
   */
  default void start(String init, Backbone backbone) {
    throw new UserError(
        "%s: init \"%s\"; a head of this kind has no choice of it".formatted(kind(), init));
  }

  /**
   * @param output one of {@link #outputs()}
   * @return whether {@link #foldOutput} changes it
   */
  default boolean foldsOutput(String output) {
    return false;
  }

  /**
   * Changes what it gives from x to A x + b by changing its last layer.
   *
   * @param weight A, [D, D], of any float type
   * @param bias b, [D], of any float type
   * @throws IllegalArgumentException if the shapes are others
   * @throws UserError if its last layer is not linear
   */
  default void foldOutput(NDArray weight, NDArray bias) {
    throw new UserError(
        "%s: a head of this kind has no last linear layer that a map could be folded into"
            .formatted(kind()));
  }

  /**
   * @param name of this head in a student
   * @return its modules by what stands before their parameters' names, without the dot
   */
  default Map<String, Module> parts(String name) {
    return Map.of(name, module());
  }

  /**
   * @param side of a square image in pixels
   * @return floating-point operations of all outputs for one image, as {@link
   *     org.samclip.model.Arithmetic} counts them
   */
  double operations(int side);

  /**
   * @param name asked for
   * @return the error
   */
  default IllegalArgumentException noOutput(String name) {
    return new IllegalArgumentException(
        "a head of kind %s has no output \"%s\", but %s"
            .formatted(kind(), name, String.join(", ", outputs().keySet())));
  }
}
