package org.samclip.clip;

import org.samclip.UserError;
import org.samclip.nn.SizeLimits;

/**
 * Sizes of a CLIP with a ViT image tower.
 *
 * @param embedDim E, width of the shared space
 * @param quickGelu true for OpenAI's activation, false for GELU
 * @param vision the image tower
 * @param text the text tower
 */
public record ClipConfig(int embedDim, boolean quickGelu, Vision vision, Text text) {

  public ClipConfig {
    SizeLimits.check("CLIP", "embed_dim", embedDim, 1, SizeLimits.WIDTH);
    SizeLimits.present("CLIP", "vision", vision);
    SizeLimits.present("CLIP", "text", text);
  }

  /**
   * @return sizes of the text tower alone
   */
  public ClipText textSide() {
    return new ClipText(embedDim, quickGelu, text);
  }

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
    private static final String PART = "CLIP vision";

    public Vision {
      check(PART, width, layers, heads, mlpRatio);
      SizeLimits.check(PART, "patch", patch, 1, SizeLimits.PATCH);
      SizeLimits.check(PART, "image_side", imageSide, 1, patch * SizeLimits.GRID);
      if (imageSide % patch != 0) {
        throw new UserError(
            PART + ": image side " + imageSide + " is not a multiple of patch " + patch);
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
    private static final String PART = "CLIP text";

    public Text {
      check(PART, width, layers, heads, mlpRatio);
      SizeLimits.check(PART, "context_length", contextLength, 1, SizeLimits.CONTEXT);
      SizeLimits.check(PART, "vocab_size", vocabSize, 1, SizeLimits.VOCABULARY);
    }
  }

  private static void check(String tower, int width, int layers, int heads, double mlpRatio) {
    SizeLimits.check(tower, "width", width, 1, SizeLimits.WIDTH);
    SizeLimits.check(tower, "layers", layers, 1, SizeLimits.DEPTH);
    SizeLimits.check(tower, "heads", heads, 1, SizeLimits.WIDTH);
    SizeLimits.check(tower, "width times mlp_ratio", width * mlpRatio, 1, SizeLimits.MLP_WIDTH);
    if (width % heads != 0) {
      throw new UserError(tower + ": width " + width + " is not a multiple of heads " + heads);
    }
  }
}
