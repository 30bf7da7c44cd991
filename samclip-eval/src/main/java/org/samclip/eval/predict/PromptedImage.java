package org.samclip.eval.predict;

import ai.djl.modality.cv.Image;
import java.util.List;

/**
 * An image and what is asked about it.
 *
 * @param image any image
 * @param prompts in pixels of the image
 */
public record PromptedImage(Image image, List<MaskPrompt> prompts) {

  /** Copies the list. */
  public PromptedImage {
    prompts = List.copyOf(prompts);
  }
}
