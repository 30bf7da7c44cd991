package org.samclip.model;

/**
 * What a config file says of a CLIP, where its weights alone do not say it, and enough of the rest
 * to see whether config and weights belong together.
 *
 * @param origin the file or the published name, for messages
 * @param embedDim E, width of the shared space
 * @param quickGelu whether the activation is OpenAI's
 * @param patch side of a patch in pixels
 * @param vision the image tower
 * @param text the text tower
 */
record ClipDescription(
    String origin, int embedDim, boolean quickGelu, int patch, Tower vision, Tower text) {

  /**
   * @param width of a token
   * @param layers number of blocks
   * @param heads attention heads
   */
  record Tower(int width, int layers, int heads) {}
}
