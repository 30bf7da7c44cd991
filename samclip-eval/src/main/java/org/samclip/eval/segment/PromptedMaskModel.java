package org.samclip.eval.segment;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import org.samclip.data.transform.Normalisation;
import org.samclip.sam.Masks;
import org.samclip.sam.Prompts;

/**
 * A model that draws the mask of what it is pointed at, as the protocols see it. The input is
 * SAM's: longest side resized to S, normalised, zeros at the right and the bottom. Protocols call
 * it without gradients, from one thread. Results belong to the manager of the first argument; what
 * else a call makes, it should close itself.
 */
public interface PromptedMaskModel {

  /**
   * @return side of the square input in pixels that the model was made for
   */
  int imageSide();

  /**
   * @return how bytes become input values
   */
  Normalisation normalisation();

  /**
   * @return where the parameters are, and the input has to be
   */
  Device device();

  /**
   * Encodes images once for any number of prompts.
   *
   * @param images {@code [B, 3, S, S]} float32, normalised and padded; S is the side that the
   *     protocol was asked for
   * @return {@code [B, C, h, w]}
   */
  NDArray encodeImages(NDArray images);

  /**
   * Draws masks.
   *
   * @param embedding {@code [B, C, h, w]} from {@link #encodeImages}
   * @param prompts P prompts for each image
   * @return all masks {@code [B, P, 1 + 3, 4 h, 4 w]}: the one for a clear prompt, then the three
   *     for an ambiguous one, and the model's own opinion of each
   */
  Masks masks(NDArray embedding, Prompts prompts);
}
