package org.samclip.siglip;

import org.samclip.UserError;
import org.samclip.nn.SizeLimits;
import org.samclip.vit.BlockConfig;
import org.samclip.vit.VitConfig;

/**
 * Sizes of a SigLIP.
 *
 * @param vision the image tower
 * @param text the text tower
 */
public record SiglipConfig(VitConfig vision, Text text) {

  private static final String PART = "SigLIP text";

  public SiglipConfig {
    SizeLimits.present("SigLIP", "vision", vision);
    SizeLimits.present("SigLIP", "text", text);
    if (text.projection() != vision.width()) {
      throw new UserError(
          "SigLIP: texts are projected to %d channels, images have %d"
              .formatted(text.projection(), vision.width()));
    }
  }

  /**
   * @param contextLength T, tokens of a text
   * @param vocabSize number of token ids
   * @param depth number of blocks
   * @param block the blocks' sizes
   * @param projection E, width of the shared space
   */
  public record Text(
      int contextLength, int vocabSize, int depth, BlockConfig block, int projection) {
    public Text {
      SizeLimits.present(PART, "block", block);
      SizeLimits.check(PART, "context_length", contextLength, 1, SizeLimits.CONTEXT);
      SizeLimits.check(PART, "vocab_size", vocabSize, 1, SizeLimits.VOCABULARY);
      SizeLimits.check(PART, "depth", depth, 1, SizeLimits.DEPTH);
      SizeLimits.check(PART, "projection", projection, 1, SizeLimits.WIDTH);
    }
  }
}
