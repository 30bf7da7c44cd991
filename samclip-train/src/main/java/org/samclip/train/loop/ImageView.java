package org.samclip.train.loop;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import java.nio.FloatBuffer;
import java.util.List;
import org.samclip.data.cache.FeatureKey;

/**
 * Square images of a batch as one model sees them.
 *
 * @param count B
 * @param side in pixels
 * @param values [B, 3, side, side], row-major
 */
public record ImageView(int count, int side, float[] values) {

  /**
   * @param count B
   * @param side in pixels
   * @return a view to be filled by {@link #put}
   */
  static ImageView empty(int count, int side) {
    return new ImageView(
        count, side, new float[Math.multiplyExact(Math.multiplyExact(count, 3), side * side)]);
  }

  void put(int index, float[] image) {
    System.arraycopy(image, 0, values, index * image.length, image.length);
  }

  /** The key of one image in a cache. */
  FeatureKey key(int index) {
    int size = 3 * side * side;
    return FeatureKey.of(values, index * size, (index + 1) * size);
  }

  /**
   * @param manager owns the result
   * @return [B, 3, side, side]
   */
  public NDArray toArray(NDManager manager) {
    return manager.create(FloatBuffer.wrap(values), new Shape(count, 3, side, side));
  }

  /**
   * @param manager owns the result
   * @param from first image
   * @param to end, exclusive
   * @return [to - from, 3, side, side]
   */
  public NDArray toArray(NDManager manager, int from, int to) {
    int size = 3 * side * side;
    FloatBuffer part = FloatBuffer.wrap(values, from * size, (to - from) * size).slice();
    return manager.create(part, new Shape(to - from, 3, side, side));
  }

  /**
   * @param manager owns the result
   * @param indices which images
   * @return [indices, 3, side, side]
   */
  NDArray toArray(NDManager manager, List<Integer> indices) {
    int size = 3 * side * side;
    float[] chosen = new float[indices.size() * size];
    for (int i = 0; i < indices.size(); i++) {
      System.arraycopy(values, indices.get(i) * size, chosen, i * size, size);
    }
    return manager.create(FloatBuffer.wrap(chosen), new Shape(indices.size(), 3, side, side));
  }
}
