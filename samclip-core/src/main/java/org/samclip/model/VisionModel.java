package org.samclip.model;

import ai.djl.Device;
import ai.djl.nn.Block;
import java.util.Map;
import java.util.Optional;
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
   * @return what it takes
   */
  ImageInput input();

  /**
   * @return what it gives, by name: {@link #SUMMARY}, {@link #SPATIAL}, or a name of its own
   */
  Map<String, ImageOutput> outputs();

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
