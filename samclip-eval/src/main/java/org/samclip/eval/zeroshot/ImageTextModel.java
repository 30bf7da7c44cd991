package org.samclip.eval.zeroshot;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import java.util.List;
import org.samclip.data.transform.Normalisation;

/**
 * A model that puts images, image patches and texts into one space, as the zero-shot protocols see
 * it. Protocols resize images with CLIP's bicubic filter and call the model without gradients, from
 * one thread. Results belong to the manager of the argument; what else a call makes, it should
 * close itself.
 */
public interface ImageTextModel {

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
   * Embeds whole images.
   *
   * @param images {@code [B, 3, S, S]} float32, normalised
   * @return {@code [B, E]} float32, each row of L2 norm 1
   */
  NDArray embedImages(NDArray images);

  /**
   * Embeds every patch of images.
   *
   * @param images {@code [B, 3, S, S]} float32, normalised
   * @return {@code [B, E, h, w]} float32, L2 norm 1 over E
   */
  NDArray patchFeatures(NDArray images);

  /**
   * Embeds texts.
   *
   * @param manager what the result belongs to, on {@link #device()}
   * @param texts N texts
   * @return {@code [N, E]} float32, each row of L2 norm 1
   */
  NDArray embedTexts(NDManager manager, List<String> texts);
}
