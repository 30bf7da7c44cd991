package org.samclip.clip;

import org.samclip.UserError;

/**
 * Sizes of a CLIP with a ViT image tower.
 *
 * @param embedDim E, width of the shared space
 * @param quickGelu true for OpenAI's activation, false for GELU
 * @param vision the image tower
 * @param text the text tower
 */
public record ClipConfig(int embedDim, boolean quickGelu, Vision vision, Text text) {

  /**
   * @param imageSide in pixels, for which the positions were learned
   * @param patch side of a patch in pixels
   * @param width of a token
   * @param layers number of blocks
   * @param heads attention heads
   * @param mlpRatio width of the MLP / width
   */
  public record Vision(
      int imageSide, int patch, int width, int layers, int heads, double mlpRatio) {
    public Vision {
      check("vision", width, heads);
      if (imageSide % patch != 0) {
        throw new UserError(
            "CLIP vision: image side " + imageSide + " is not a multiple of patch " + patch);
      }
    }

    /**
     * @return side of the position grid in tokens
     */
    public int grid() {
      return imageSide / patch;
    }
  }

  /**
   * @param contextLength tokens of a text, start and end included
   * @param vocabSize number of token ids; the last one ends a text
   * @param width of a token
   * @param heads attention heads
   * @param layers number of blocks
   * @param mlpRatio width of the MLP / width
   */
  public record Text(
      int contextLength, int vocabSize, int width, int heads, int layers, double mlpRatio) {
    public Text {
      check("text", width, heads);
    }
  }

  private static void check(String tower, int width, int heads) {
    if (heads < 1 || width % heads != 0) {
      throw new UserError(
          "CLIP " + tower + ": width " + width + " is not a multiple of heads " + heads);
    }
  }
}
