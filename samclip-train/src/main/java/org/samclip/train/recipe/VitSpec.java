package org.samclip.train.recipe;

import java.util.List;
import org.samclip.kernel.Kernels.VitMlp;
import org.samclip.model.VitModel;
import org.samclip.vit.BlockConfig;
import org.samclip.vit.Positions;
import org.samclip.vit.VitConfig;

/**
 * Sizes of a plain ViT to train from scratch. As in DINOv3, positions are rotary, so that images of
 * any size do; the class token stands for the whole image.
 *
 * @param side of the square images in pixels
 * @param patch side of a patch in pixels
 * @param width of a token
 * @param depth blocks
 * @param heads of attention
 * @param mlpRatio width of the MLP over that of a token
 * @param registers tokens that stand for nothing, 0..16 (arXiv 2309.16588)
 */
public record VitSpec(
    int side, int patch, int width, int depth, int heads, int mlpRatio, int registers) {

  private static final double THETA = 100;
  private static final double EPS = 1e-6;

  /** Of ImageNet's pixels, as DINOv2 and DINOv3. */
  private static final List<Double> MEAN = List.of(.485, .456, .406);

  private static final List<Double> STD = List.of(.229, .224, .225);

  /** Checks what the network itself does not. */
  public VitSpec {
    Check.resolution("side", side);
    Check.atLeast(1, "patch", patch);
    Check.that(side % patch == 0, "side", side, "a multiple of patch (" + patch + ")");
    Check.atLeast(1, "width", width);
    Check.atLeast(1, "depth", depth);
    Check.atLeast(1, "heads", heads);
    Check.that(
        width % (4L * heads) == 0,
        "width",
        width,
        "a multiple of 4 heads (" + 4L * heads + "), which rotary positions need");
    Check.that(mlpRatio >= 1 && mlpRatio <= 16, "mlp_ratio", mlpRatio, "1 to 16");
    Check.that(registers >= 0 && registers <= 16, "registers", registers, "0 to 16");
  }

  /**
   * @return as the model's file states them
   */
  public VitModel.Sizes sizes() {
    BlockConfig block =
        new BlockConfig(
            width, heads, width * mlpRatio, VitMlp.GELU, BlockConfig.Bias.ALL, false, EPS);
    VitConfig config =
        new VitConfig(
            patch,
            depth,
            block,
            true,
            registers,
            new Positions.Rotary(THETA),
            VitConfig.Summary.CLASS);
    return new VitModel.Sizes(config, side, MEAN, STD);
  }
}
