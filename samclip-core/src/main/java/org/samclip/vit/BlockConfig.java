package org.samclip.vit;

import org.samclip.UserError;
import org.samclip.kernel.Kernels.VitMlp;
import org.samclip.nn.SizeLimits;

/**
 * Sizes of a plain transformer's block.
 *
 * @param width C, width of a token
 * @param heads attention heads; divide the width
 * @param hidden width of the MLP, behind the gate if it has one
 * @param mlp what stands in the MLP
 * @param bias which of query, key and value have one
 * @param layerScale whether each branch is scaled by channel before it is added
 * @param eps of the norms
 */
public record BlockConfig(
    int width, int heads, int hidden, VitMlp mlp, Bias bias, boolean layerScale, double eps) {

  private static final String PART = "ViT";

  /** Which of query, key and value have a bias. */
  public enum Bias {
    /** All three. */
    ALL,
    /** Not the key: softmax takes no notice of what all keys share (DINOv3). */
    QUERY_VALUE,
    /** None (DINOv3's largest). */
    NONE
  }

  public BlockConfig {
    SizeLimits.present(PART, "mlp", mlp);
    SizeLimits.present(PART, "bias", bias);
    SizeLimits.check(PART, "width", width, 1, SizeLimits.WIDTH);
    SizeLimits.check(PART, "heads", heads, 1, SizeLimits.WIDTH);
    SizeLimits.check(PART, "hidden", hidden, 1, SizeLimits.MLP_WIDTH);
    if (width % heads != 0) {
      throw new UserError(PART + ": width " + width + " is not a multiple of heads " + heads);
    }
    if (!(eps > 0 && eps < 1)) {
      throw new UserError(PART + ": eps " + eps + " is out of range; allowed: between 0 and 1");
    }
  }

  /**
   * @return d, width of a head
   */
  public int headWidth() {
    return width / heads;
  }
}
