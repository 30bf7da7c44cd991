package org.samclip.train.feed;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Prompts for the images of a batch.
 *
 * @param perImage P, prompts an image
 * @param side S of the padded images in pixels
 * @param xy [B, P, 2, 2], two points a prompt, in pixels of the student's padded image
 * @param labels [B, P, 2]: (1, -1) a point, (2, 3) a box
 * @param isPoint [B, P], 1 for a point and 0 for a box
 * @param targets [B P], each [S, S]: true masks at the padded image's size as bytes 0 and 1; null
 *     if they were not asked for
 */
public record PromptBatch(
    int perImage, int side, float[] xy, long[] labels, float[] isPoint, byte[][] targets) {

  /** What it takes of Java's heap. */
  long bytes() {
    long own = xy.length * 4L + labels.length * 8L + isPoint.length * 4L;
    return own + (targets == null ? 0 : (long) targets.length * side * side);
  }

  /**
   * Some images' prompts on a device.
   *
   * @param xy [b, P, 2, 2]
   * @param labels [b, P, 2]
   * @param isPoint [b, P]
   */
  public record OnDevice(NDArray xy, NDArray labels, NDArray isPoint) {}

  /**
   * @param manager owns the arrays
   * @param part which images
   * @return their prompts
   */
  public OnDevice toArrays(NDManager manager, MicroBatch.Part part) {
    int n = part.size();
    int p = perImage;
    int from = part.from() * p;
    int to = part.to() * p;
    return new OnDevice(
        manager.create(Arrays.copyOfRange(xy, from * 4, to * 4), new Shape(n, p, 2, 2)),
        manager.create(Arrays.copyOfRange(labels, from * 2, to * 2), new Shape(n, p, 2)),
        manager.create(Arrays.copyOfRange(isPoint, from, to), new Shape(n, p)));
  }

  /**
   * @param manager owns the array
   * @param part which images
   * @return their true masks, [b, P, S, S] float32
   */
  public NDArray targets(NDManager manager, MicroBatch.Part part) {
    int n = part.size();
    ByteBuffer bytes = ByteBuffer.allocateDirect(Math.multiplyExact(n * perImage, side * side));
    for (int i = part.from() * perImage; i < part.to() * perImage; i++) {
      bytes.put(targets[i]);
    }
    return manager
        .create(bytes.flip(), new Shape(n, perImage, side, side), DataType.UINT8)
        .toType(DataType.FLOAT32, false);
  }
}
