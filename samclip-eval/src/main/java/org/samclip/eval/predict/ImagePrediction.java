package org.samclip.eval.predict;

import java.util.List;
import java.util.Map;

/**
 * All answers for one image.
 *
 * @param masks one for every prompt, in their order
 * @param texts one for every text, in their order
 * @param arrays what the model made of the image, by name: {@code sam_embedding} [C, h, w], {@code
 *     image_embedding} [E] of unit length, {@code patch_features} [E, h, w] of unit length; those
 *     that the model has
 */
public record ImagePrediction(
    List<DrawnMask> masks, List<TextAnswer> texts, Map<String, Array> arrays) {

  /** Copies the lists. */
  public ImagePrediction {
    masks = List.copyOf(masks);
    texts = List.copyOf(texts);
    arrays = Map.copyOf(arrays);
  }

  /**
   * Numbers that outlive the engine.
   *
   * @param values in row-major order
   * @param shape sizes of the axes
   */
  public record Array(float[] values, long... shape) {}
}
