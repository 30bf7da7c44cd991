package org.samclip.vitdet;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import org.samclip.nn.Conv2d;
import org.samclip.nn.Layer;

/** Image patches to tokens by one convolution. */
public final class PatchEmbed extends Layer {

  private final Conv2d proj;

  /**
   * @param patch side of a patch in pixels
   * @param width C
   */
  public PatchEmbed(int patch, int width) {
    proj = child("proj", new Conv2d(3, width, patch, patch, 0, true));
  }

  /**
   * @param images [B, 3, H, W]
   * @return [B, H / patch, W / patch, C]
   */
  @Override
  public NDArray forward(NDArray images) {
    return proj.forward(images).transpose(0, 2, 3, 1);
  }

  @Override
  public Shape[] getOutputShapes(Shape[] inputShapes) {
    Shape y = proj.getOutputShapes(inputShapes)[0];
    return new Shape[] {new Shape(y.get(0), y.get(2), y.get(3), y.get(1))};
  }
}
