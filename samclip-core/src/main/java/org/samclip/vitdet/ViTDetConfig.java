package org.samclip.vitdet;

import java.util.List;
import org.samclip.UserError;

/**
 * Sizes of a ViT-Det encoder.
 *
 * @param patch side of a patch in pixels
 * @param grid side of the learned position grid in tokens (64 for SAM: 1024 px / 16)
 * @param width C, width of a token
 * @param depth number of blocks
 * @param heads attention heads; divide the width
 * @param mlpRatio width of the MLP / C
 * @param window side of an attention window in tokens
 * @param globalLayers indices, from 0, of the blocks with global attention
 * @param neck channels of the neck's output
 */
public record ViTDetConfig(
    int patch,
    int grid,
    int width,
    int depth,
    int heads,
    int mlpRatio,
    int window,
    List<Integer> globalLayers,
    int neck) {

  public ViTDetConfig {
    globalLayers = List.copyOf(globalLayers);
    if (Math.min(Math.min(patch, grid), Math.min(width, depth)) < 1
        || Math.min(Math.min(heads, mlpRatio), Math.min(window, neck)) < 1) {
      throw new UserError("encoder: every size must be at least 1");
    }
    if (width % heads != 0) {
      throw new UserError("encoder: width " + width + " is not a multiple of heads " + heads);
    }
    for (int layer : globalLayers) {
      if (layer < 0 || layer >= depth) {
        throw new UserError(
            "encoder: global layer " + layer + " does not exist; layers are 0 to " + (depth - 1));
      }
    }
  }

  /**
   * @param layer index from 0
   * @return side of the block's attention window in tokens, 0 for global attention
   */
  public int windowOf(int layer) {
    return globalLayers.contains(layer) ? 0 : window;
  }

  /**
   * @return the image side, in pixels, for which the positions were learned
   */
  public int imageSide() {
    return grid * patch;
  }
}
