package org.samclip.eval;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.util.List;

/** Packs preprocessed images into one array. */
public final class ImageBatch {

  private ImageBatch() {}

  /**
   * @param manager what the array belongs to
   * @param images {@code [3, S, S]} each
   * @param side S
   * @return {@code [B, 3, S, S]} float32
   */
  public static NDArray of(NDManager manager, List<float[]> images, int side) {
    int size = Math.multiplyExact(3, Math.multiplyExact(side, side));
    float[] all = new float[Math.multiplyExact(images.size(), size)];
    for (int i = 0; i < images.size(); i++) {
      System.arraycopy(images.get(i), 0, all, i * size, size);
    }
    return manager.create(all, new Shape(images.size(), 3, side, side));
  }
}
