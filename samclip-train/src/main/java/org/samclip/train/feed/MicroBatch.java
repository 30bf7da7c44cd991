package org.samclip.train.feed;

import java.util.ArrayList;
import java.util.List;

/**
 * How many images one forward pass takes. A batch is cut into such parts, whose gradients add up to
 * the batch's.
 *
 * @param images a pass at the base side; 0: the whole batch
 * @param baseSide in pixels; at other sides the number scales with the area
 */
public record MicroBatch(int images, int baseSide) {

  /**
   * Consecutive images of a batch.
   *
   * @param from first image
   * @param to end, exclusive
   */
  public record Part(int from, int to) {

    /**
     * @return number of images
     */
    public int size() {
      return to - from;
    }
  }

  /**
   * @param batch images of the batch
   * @param side of its images in pixels
   * @return the parts in order
   */
  public List<Part> parts(int batch, int side) {
    double area = (double) baseSide / side * baseSide / side;
    int size = images == 0 ? batch : (int) Math.max(1, Math.round(images * area));
    List<Part> parts = new ArrayList<>();
    for (int from = 0; from < batch; from += size) {
      parts.add(new Part(from, Math.min(batch, from + size)));
    }
    return parts;
  }
}
