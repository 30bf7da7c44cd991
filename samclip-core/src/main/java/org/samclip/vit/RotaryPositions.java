package org.samclip.vit;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;

/**
 * Angles by which a patch's query and key are turned: its centre's row and column, from -1 to 1
 * over the image whatever its size, times 2 pi and falling frequencies (transformers,
 * modeling_dinov3_vit.py {@code DINOv3ViTRopePositionEmbedding}).
 */
final class RotaryPositions {

  private RotaryPositions() {}

  /**
   * @param manager of the result
   * @param h rows of patches
   * @param w columns of patches
   * @param d channels of a head, a multiple of 4
   * @param theta of {@link Positions.Rotary}
   * @return cosines and sines, [h w, d] each: d / 4 channels for the row, as many for the column,
   *     and both again
   */
  static NDArray[] tables(NDManager manager, int h, int w, int d, double theta) {
    int quarter = d / 4;
    float[] cos = new float[Math.multiplyExact(Math.multiplyExact(h, w), d)];
    float[] sin = new float[cos.length];
    int at = 0;
    for (int row = 0; row < h; row++) {
      for (int column = 0; column < w; column++) {
        for (int i = 0; i < d; i++) {
          boolean ofRow = i / quarter % 2 == 0;
          double centre = ofRow ? (row + .5) / h : (column + .5) / w;
          double frequency = Math.pow(theta, -(i % quarter) / (double) quarter);
          double angle = 2 * Math.PI * (2 * centre - 1) * frequency;
          cos[at] = (float) Math.cos(angle);
          sin[at++] = (float) Math.sin(angle);
        }
      }
    }
    Shape shape = new Shape((long) h * w, d);
    return new NDArray[] {manager.create(cos, shape), manager.create(sin, shape)};
  }
}
