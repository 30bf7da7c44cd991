package org.samclip.train.feed;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import java.nio.ByteBuffer;
import java.util.Map;
import org.samclip.data.replay.Position;

/**
 * Images of D_SAM with prompts.
 *
 * @param images as SAM sees them
 * @param prompts P, prompts an image
 * @param xy [B, P, 2, 2], two points a prompt, in pixels of the padded image
 * @param labels [B, P, 2]: (1, -1) a point, (2, 3) a box
 * @param isPoint [B, P], 1 for a point and 0 for a box
 * @param targets [B P], each [S, S]: true masks at the padded image's size as bytes 0 and 1; null
 *     if they were not asked for
 * @param mix samples by the name of their source, those passed over included; empty where there is
 *     only one
 * @param passedOver samples without a usable mask that came between the images
 * @param after the stream's position behind this batch
 */
public record SamBatch(
    ImageView images,
    int prompts,
    float[] xy,
    long[] labels,
    float[] isPoint,
    byte[][] targets,
    Map<String, Long> mix,
    int passedOver,
    Position after)
    implements Batch {

  @Override
  public long bytes() {
    long own = xy.length * 4L + labels.length * 8L + isPoint.length * 4L;
    long side = images.side();
    return images.bytes() + own + (targets == null ? 0 : targets.length * side * side);
  }

  /** The first of several micro-batches' arrays, on a device. */
  public record Arrays(
      NDArray images, NDArray xy, NDArray labels, NDArray isPoint, NDArray targets) {}

  /**
   * @param manager owns the arrays
   * @param from first image
   * @param to end, exclusive
   * @return the part's arrays; targets as float32
   */
  public Arrays toArrays(NDManager manager, int from, int to) {
    int n = to - from;
    int p = prompts;
    int s = images.side();
    NDArray target = null;
    if (targets != null) {
      ByteBuffer bytes = ByteBuffer.allocateDirect(Math.multiplyExact(n * p, s * s));
      for (int i = from * p; i < to * p; i++) {
        bytes.put(targets[i]);
      }
      target =
          manager
              .create(bytes.flip(), new Shape(n, p, s, s), DataType.UINT8)
              .toType(DataType.FLOAT32, false);
    }
    return new Arrays(
        images.toArray(manager, from, to),
        manager.create(
            java.util.Arrays.copyOfRange(xy, from * p * 4, to * p * 4), new Shape(n, p, 2, 2)),
        manager.create(
            java.util.Arrays.copyOfRange(labels, from * p * 2, to * p * 2), new Shape(n, p, 2)),
        manager.create(java.util.Arrays.copyOfRange(isPoint, from * p, to * p), new Shape(n, p)),
        target);
  }
}
