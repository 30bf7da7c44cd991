package org.samclip.student;

import ai.djl.ndarray.types.Shape;

/**
 * One output of a head, whose size is known before it runs.
 *
 * @param width D, values of an image or of each place
 * @param spatial whether there is one for every patch, [B, D, h, w], or one for the image, [B, D]
 * @param patch side in pixels of what a place stands for
 */
public record HeadOutput(int width, boolean spatial, int patch) {

  /**
   * @param side of a square image in pixels, a multiple of the patch
   * @return shape for one image, without B
   */
  public Shape row(int side) {
    return spatial ? new Shape(width, side / patch, side / patch) : new Shape(width);
  }

  /**
   * @param images their shape, [B, 3, H, W]
   * @return shape of the output
   */
  Shape of(Shape images) {
    return spatial
        ? new Shape(images.get(0), width, images.get(2) / patch, images.get(3) / patch)
        : new Shape(images.get(0), width);
  }
}
