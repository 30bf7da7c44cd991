package org.samclip.vit;

import org.samclip.UserError;
import org.samclip.nn.SizeLimits;

/**
 * Sizes and parts of a plain ViT.
 *
 * @param patch side of a patch in pixels
 * @param depth number of blocks
 * @param block the blocks' sizes
 * @param classToken whether there is a class token, the first
 * @param registers number of tokens behind it that no position is added to
 * @param positions of the patches
 * @param summary what stands for the whole image
 */
public record VitConfig(
    int patch,
    int depth,
    BlockConfig block,
    boolean classToken,
    int registers,
    Positions positions,
    Summary summary) {

  private static final String PART = "ViT";

  /** Registers of a published model: at most 16 (timm). */
  private static final int MAX_REGISTERS = 1024;

  /** What stands for the whole image. */
  public enum Summary {
    /** The class token after the last norm. */
    CLASS,
    /** The patches' mean after the last norm. */
    MEAN,
    /** The patches' mean, normed itself; the patches are not (timm, {@code fc_norm}). */
    NORMED_MEAN,
    /** What a learned query attends to among the normed tokens (SigLIP). */
    ATTENTION
  }

  public VitConfig {
    SizeLimits.present(PART, "block", block);
    SizeLimits.present(PART, "positions", positions);
    SizeLimits.present(PART, "summary", summary);
    SizeLimits.check(PART, "patch", patch, 1, SizeLimits.PATCH);
    SizeLimits.check(PART, "depth", depth, 1, SizeLimits.DEPTH);
    SizeLimits.check(PART, "registers", registers, 0, MAX_REGISTERS);
    boolean rowOfClass = positions instanceof Positions.Learned learned && learned.ofClass();
    if (!classToken && (rowOfClass || summary == Summary.CLASS)) {
      throw new UserError(PART + ": there is no class token for its position or the summary");
    }
    if (positions instanceof Positions.Rotary && block.headWidth() % 4 != 0) {
      throw new UserError(
          "%s: rotary positions need heads of a multiple of 4 channels, not %d"
              .formatted(PART, block.headWidth()));
    }
  }

  /**
   * @return C, width of summary and patches
   */
  public int width() {
    return block.width();
  }

  /**
   * @return tokens before the patches
   */
  public int prefix() {
    return registers + (classToken ? 1 : 0);
  }
}
