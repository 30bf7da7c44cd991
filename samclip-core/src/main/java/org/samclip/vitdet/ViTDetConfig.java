package org.samclip.vitdet;

import java.util.List;
import org.samclip.UserError;
import org.samclip.nn.SizeLimits;

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
    double mlpRatio,
    int window,
    List<Integer> globalLayers,
    int neck) {

  private static final String PART = "encoder";

  public ViTDetConfig {
    SizeLimits.present(PART, "global_layers", globalLayers);
    globalLayers = List.copyOf(globalLayers);
    SizeLimits.check(PART, "patch", patch, 1, SizeLimits.PATCH);
    SizeLimits.check(PART, "grid", grid, 1, SizeLimits.GRID);
    SizeLimits.check(PART, "width", width, 1, SizeLimits.WIDTH);
    SizeLimits.check(PART, "depth", depth, 1, SizeLimits.DEPTH);
    SizeLimits.check(PART, "heads", heads, 1, SizeLimits.WIDTH);
    SizeLimits.check(PART, "mlp_ratio", mlpRatio, 1, SizeLimits.MLP_RATIO);
    SizeLimits.check(PART, "window", window, 1, SizeLimits.GRID);
    SizeLimits.check(PART, "neck", neck, 1, SizeLimits.WIDTH);
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
