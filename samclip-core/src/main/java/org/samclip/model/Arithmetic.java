package org.samclip.model;

import org.samclip.clip.ClipConfig;
import org.samclip.kernel.Kernels;
import org.samclip.sam.SamHeadConfig;
import org.samclip.vit.BlockConfig;
import org.samclip.vit.VitConfig;
import org.samclip.vitdet.ViTDetConfig;

/**
 * Floating-point operations of a forward pass, from sizes alone. A multiplication with its addition
 * counts as two. Counted are matrix products and convolutions as the public programs define them:
 * windows with their padding, each prompt with an image of its own. Norms, activation functions,
 * softmax and resizing are not; nor is what a kernel does beyond the definition, such as longer
 * queries that carry relative positions.
 *
 * <p>A backward pass costs twice as much again, one product for the input and one for the weights,
 * except {@link #patches}, whose input needs no gradient.
 */
public final class Arithmetic {

  /** An image token attends to it as a prompt: a point and its padding, or two corners. */
  private static final int POINTS = 2;

  private Arithmetic() {}

  /**
   * @param e sizes of the encoder
   * @param side of a square image in pixels
   * @return of the patches' projection
   */
  public static double patches(ViTDetConfig e, int side) {
    return linear(tokens(e, side), 3. * e.patch() * e.patch(), e.width());
  }

  /**
   * @param e sizes of the encoder
   * @param side of a square image in pixels
   * @return of the blocks and the patches' projection, without the neck
   */
  public static double backbone(ViTDetConfig e, int side) {
    double sum = patches(e, side);
    for (int layer = 0; layer < e.depth(); layer++) {
      sum += block(e, grid(e, side), e.windowOf(layer));
    }
    return sum;
  }

  /**
   * @param e sizes of the encoder
   * @param side of a square image in pixels
   * @return of backbone and neck
   */
  public static double encoder(ViTDetConfig e, int side) {
    return backbone(e, side) + neck(e.width(), e.neck(), grid(e, side));
  }

  /**
   * @param width of a token
   * @param channels of the image embedding
   * @param grid its side in tokens
   * @return of SAM's neck
   */
  public static double neck(int width, int channels, int grid) {
    double n = (double) grid * grid;
    return linear(n, width, channels) + linear(n, 9. * channels, channels);
  }

  /**
   * @param clip sizes of a CLIP
   * @return of its image tower for one image at the resolution it was made for
   */
  public static double imageTower(ClipConfig clip) {
    ClipConfig.Vision v = clip.vision();
    double c = v.width();
    double patches = (double) v.grid() * v.grid();
    double n = patches + 1;
    double layer = 4 * linear(n, c, c) + attention(n, n, c) + 2 * linear(n, c, c * v.mlpRatio());
    return linear(patches, 3. * v.patch() * v.patch(), c)
        + v.layers() * layer
        + linear(1, c, clip.embedDim());
  }

  /**
   * @param v sizes of a plain ViT
   * @param side of a square image in pixels
   * @return of the patches' projection
   */
  public static double patches(VitConfig v, int side) {
    int row = side / v.patch();
    return linear((double) row * row, 3. * v.patch() * v.patch(), v.width());
  }

  /**
   * @param v sizes of a plain ViT
   * @param side of a square image in pixels
   * @return of the blocks and the patches' projection
   */
  public static double backbone(VitConfig v, int side) {
    int row = side / v.patch();
    return patches(v, side) + v.depth() * block(v.block(), v.prefix() + (double) row * row);
  }

  /**
   * @param b sizes of a plain block
   * @param tokens N
   * @return of the block
   */
  public static double block(BlockConfig b, double tokens) {
    double c = b.width();
    int layers = b.mlp() == Kernels.VitMlp.GATED ? 3 : 2;
    return 4 * linear(tokens, c, c)
        + attention(tokens, tokens, c)
        + layers * linear(tokens, c, b.hidden());
  }

  /**
   * @param head sizes of SAM's head
   * @param grid side of the image embedding in tokens
   * @return of the mask decoder for one prompt of a point or a box
   */
  public static double maskDecoder(SamHeadConfig head, int grid) {
    double c = head.dim();
    double masks = head.multimaskOutputs() + 1;
    double t = 1 + masks + POINTS;
    double s = (double) grid * grid;
    double inner = c / 2;
    double look = linear(t, c, inner) * 2 + 2 * linear(s, c, inner) + attention(t, s, inner);
    double write = linear(s, c, inner) * 2 + 2 * linear(t, c, inner) + attention(s, t, inner);
    double self = 4 * linear(t, c, c) + attention(t, t, c);
    double block = self + look + 2 * linear(t, c, head.mlpDim()) + write;
    // Kernels of 2 x 2 without overlap: every token becomes four pixels, twice.
    double upscaling = linear(s, c, 4 * c / 4) + linear(4 * s, c / 4, 4 * c / 8);
    double filters = masks * mlp(c, c, c / 8, 3) + linear(16 * s, c / 8, masks);
    double iou = mlp(c, head.iouHeadHidden(), masks, head.iouHeadDepth());
    return head.depth() * block + look + upscaling + filters + iou;
  }

  private static int grid(ViTDetConfig e, int side) {
    return side / e.patch();
  }

  private static double tokens(ViTDetConfig e, int side) {
    return (double) grid(e, side) * grid(e, side);
  }

  /**
   * @param e sizes of the encoder
   * @param grid side of the image in tokens
   * @param window side of an attention window in tokens, 0 for global attention
   * @return of a block
   */
  public static double block(ViTDetConfig e, int grid, int window) {
    double c = e.width();
    int reach = window == 0 ? grid : window;
    double padded = Math.ceil((double) grid / reach) * reach;
    double n = padded * padded;
    double relative = linear(n, c, 2. * reach);
    return 4 * linear(n, c, c)
        + attention(n, (double) reach * reach, c)
        + relative
        + 2 * linear((double) grid * grid, c, c * e.mlpRatio());
  }

  /**
   * Queries with keys, and weights with values, over all heads.
   *
   * @param queries number of them
   * @param keys number of them
   * @param width of all heads together
   * @return of attention without its projections
   */
  public static double attention(double queries, double keys, double width) {
    return 4 * queries * keys * width;
  }

  /**
   * @param rows it is applied to
   * @param in width of a row
   * @param out width of a row's result
   * @return of a linear layer
   */
  public static double linear(double rows, double in, double out) {
    return 2 * rows * in * out;
  }

  /**
   * @param in width of the input
   * @param hidden width between the layers
   * @param out width of the output
   * @param depth number of linear layers
   * @return of the layers for one row
   */
  public static double mlp(double in, double hidden, double out, int depth) {
    return depth == 1
        ? linear(1, in, out)
        : linear(1, in, hidden) + (depth - 2) * linear(1, hidden, hidden) + linear(1, hidden, out);
  }
}
